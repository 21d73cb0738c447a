//! What is wrong in the head of a request that hyper cannot read. It says only that it cannot; a person needs to know where.

/// The first fault in the start of a head: <https://www.rfc-editor.org/rfc/rfc9112#section-3>.
pub(super) fn fault(head: &[u8]) -> String {
    if head.starts_with(&[0x16, 0x03]) {
        return "this is TLS, and the port speaks plain HTTP".to_owned();
    }
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let line = lines.next().unwrap_or_default();
    of_request_line(line)
        .or_else(|| (2..).zip(lines).find_map(|(number, line)| of_header(number, line)))
        .unwrap_or_else(|| "the head of the request is not HTTP".to_owned())
}

fn of_request_line(line: &[u8]) -> Option<String> {
    let method = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    if method.is_empty() || !method.iter().all(u8::is_ascii_alphabetic) {
        return Some("the request line does not begin with a method such as GET".to_owned());
    }
    let rest = line.get(method.len() + 1..).unwrap_or_default();
    let last = rest.iter().rposition(|byte| *byte == b' ').unwrap_or(rest.len());
    match rest.split_at(last) {
        (target, b" HTTP/1.1" | b" HTTP/1.0") => of_target(target),
        (_, other) => {
            let text = "the request line ends with a space and the version, HTTP/1.1 or HTTP/1.0";
            // Without a version the spaces are the URL's.
            let target = if other.starts_with(b" HTTP/") { None } else { of_target(rest) };
            target.or(Some(text.to_owned()))
        }
    }
}

/// The first character that no URL has.
fn of_target(target: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(target);
    let never = |letter: char| letter.is_ascii_control() || matches!(letter, ' ' | '<' | '>');
    let seldom =
        |letter: char| !letter.is_ascii() || matches!(letter, '"' | '\\' | '^' | '`' | '{' | '|' | '}');
    // What hyper lets pass is named only where nothing else is wrong.
    let found = text.chars().position(never).or_else(|| text.chars().position(seldom))?;
    let letter = text.chars().nth(found)?;
    if letter == char::REPLACEMENT_CHARACTER {
        return Some("the URL has bytes that are no UTF-8; write them percent-encoded".to_owned());
    }
    let mut bytes = [0; 4];
    let escaped: String = letter.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect();
    Some(format!("the URL has {letter:?} as character {}; write it as {escaped}", found + 1))
}

fn of_header(number: usize, line: &[u8]) -> Option<String> {
    if line.is_empty() {
        return None;
    }
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if name.is_empty() || name.len() == line.len() || !name.iter().all(is_token) {
        return Some(format!("line {number} of the request's head is no header: name, colon, value"));
    }
    let control = line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t');
    control.then(|| format!("line {number} of the request's head has a control character in its value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fault_is_named() {
        for (head, told) in [
            (
                "GET /fhir/Patient?birthdate=>2020 HTTP/1.1\r\nhost: x\r\n\r\n",
                "'>' as character 25; write it as %3E",
            ),
            ("GET /fhir/Patient?name=a b HTTP/1.1\r\n\r\n", "' ' as character 21; write it as %20"),
            ("GET /fhir/Patient?name=a|b&x=<1 HTTP/1.1\r\n\r\n", "'<'"),
            ("GET /fhir/Patient?name=\u{e9} HTTP/1.1\r\n\r\n", "%C3%A9"),
            ("GET /fhir/Patient\r\n\r\n", "ends with a space and the version"),
            ("GET /fhir/Patient HTTP/9\r\n\r\n", "ends with a space and the version"),
            (
                "GET /fhir HTTP/1.1\r\nhost: x\r\nno header\r\n\r\n",
                "line 3 of the request's head is no header",
            ),
            ("GET /fhir HTTP/1.1\r\nbad name: x\r\n\r\n", "line 2"),
            ("GET /fhir HTTP/1.1\r\na: \u{1}\r\n\r\n", "control character"),
            ("{\"resourceType\":1}", "does not begin with a method"),
            ("\u{16}\u{3}\u{1}", "TLS"),
            ("", "does not begin with a method"),
        ] {
            let fault = fault(head.as_bytes());
            assert!(fault.contains(told), "{head:?}: {fault}");
        }
    }

    #[test]
    fn any_bytes_have_an_answer() {
        for length in 0..64 {
            for seed in 0..64_u8 {
                let bytes: Vec<u8> =
                    (0..length).map(|at: u8| at.wrapping_mul(37) ^ seed.wrapping_mul(91)).collect();
                assert!(!fault(&bytes).is_empty());
                assert!(!fault(&[b"GET ", bytes.as_slice()].concat()).is_empty());
            }
        }
    }
}
