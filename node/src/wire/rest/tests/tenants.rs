//! Paths and headers that name tenants.

use super::*;
use proto::TenantId;

fn seen(fixture: &Fixture) -> TenantId {
    fixture.running.mock.seen.lock().as_ref().unwrap().tenant
}

#[tokio::test]
async fn header_and_path_lead_to_the_same_tenant_and_links_stay_below_its_path() {
    let fixture = Fixture::new().await;
    let base = &fixture.running.rest;
    let created = fixture.call("POST", "/t/clinic/fhir/Patient").body(PATIENT).send().await.unwrap();
    assert_eq!((created.status().as_u16(), seen(&fixture)), (201, TenantId(2)));
    assert!(header(&created, "location").starts_with(&format!("{base}/t/clinic/fhir/Patient/")));
    let by_header = fixture.call("POST", "/fhir/Patient").header("x-salamander-tenant", "clinic");
    let created = by_header.body(PATIENT).send().await.unwrap();
    assert_eq!(seen(&fixture), TenantId(2));
    assert!(header(&created, "location").starts_with(&format!("{base}/fhir/Patient/")));
    for path in ["/fhir/Patient", "/t/default/fhir/Patient", "/t/default/fhir/Patient/"] {
        assert_eq!(fixture.get(path).await.status(), 200);
        let all = fixture.call("POST", path.trim_end_matches('/')).body(PATIENT).send().await.unwrap();
        assert!(all.status().is_success() && seen(&fixture) == TenantId::DEFAULT, "{path}");
    }
    let page = json(fixture.get("/t/clinic/fhir/Patient?name=x").await).await;
    let link = page["link"][0]["url"].as_str().unwrap();
    assert!(link.starts_with(&format!("{base}/t/clinic/fhir/Patient?name=x")), "{link}");
    let forwarded = fixture.call("GET", "/t/clinic/fhir/Patient?name=x");
    let forwarded = forwarded.header("x-forwarded-host", "a.example").header("x-forwarded-prefix", "/ehr");
    let page = json(forwarded.send().await.unwrap()).await;
    let link = page["link"][0]["url"].as_str().unwrap();
    assert!(link.starts_with("http://a.example/ehr/t/clinic/fhir/Patient?name=x"), "{link}");
    for path in [
        "/t/clinic/fhir/metadata",
        "/t/clinic/fhir",
        "/t/clinic/fhir/Patient/_history",
        "/t/clinic/fhir/$versions",
    ] {
        assert_eq!(fixture.get(path).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn what_names_no_tenant_or_two_is_told() {
    let fixture = Fixture::new().await;
    let ask = |path: &str, key: &'static str, name: &'static str| fixture.call("GET", path).header(key, name);
    assert_eq!(ask("/fhir/Patient", "x-salamander-tenant", "default").send().await.unwrap().status(), 200);
    let (status, text) = refused(ask("/fhir/Patient", "x-salamander-tenant", "nobody")).await;
    assert!(status == 404 && text.contains("nobody"), "{text}");
    let (status, text) = refused(fixture.call("GET", "/t/nobody/fhir/Patient")).await;
    assert!(status == 404 && text.contains("nobody"), "{text}");
    let (status, text) = refused(ask("/t/clinic/fhir/Patient", "x-salamander-tenant", "default")).await;
    assert!(status == 400 && text.contains("name one of them"), "{text}");
    let (status, text) = refused(ask("/fhir/Patient", "x-salamander-tennant", "clinic")).await;
    assert!(status == 400 && text.contains("x-salamander-tenant"), "{text}");
    for (path, status) in [
        ("/t/A%62/fhir/Patient", 400),
        ("/t/-a/fhir/metadata", 400),
        ("/t/clinic", 404),
        ("/t/clinic/x", 404),
    ] {
        let (found, text) = refused(fixture.call("GET", path)).await;
        assert_eq!(found, status, "{path}: {text}");
    }
}

#[tokio::test]
async fn the_page_of_a_tenants_resource_leads_to_its_own() {
    let fixture = Fixture::new().await;
    fixture.put("/t/clinic/fhir/Patient/a", PATIENT).await;
    let page =
        fixture.call("GET", "/t/clinic/fhir/Patient/a").header("accept", "text/html").send().await.unwrap();
    assert!(header(&page, "content-type").starts_with("text/html"));
    let page = page.text().await.unwrap();
    assert!(page.contains("<title>/t/clinic/fhir/Patient/a</title>"), "{page}");
    assert!(page.contains("href=\"/t/clinic/fhir/metadata\"") && !page.contains("href=\"/fhir"), "{page}");
}
