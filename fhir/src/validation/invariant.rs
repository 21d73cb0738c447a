//! Invariants that are checked without their FHIRPath expression.

/// Key and expression, as R4 has them.
const NATIVE: [(&str, &str); 13] = [
    // By the level of structure: every element has a value or children.
    ("ele-1", "hasValue() or (children().count() > id.count())"),
    ("ext-1", "extension.exists() != value.exists()"),
    ("dom-2", "contained.contained.empty()"),
    (
        "dom-3",
        "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | \
         %resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#')\
         .exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = '#')\
         .exists()).not()).trace('unmatched', id).empty()",
    ),
    ("dom-4", "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()"),
    ("dom-5", "contained.meta.security.empty()"),
    ("dom-6", "text.`div`.exists()"),
    // Those three say of which item or entry they speak.
    ("que-2", "descendants().linkId.isDistinct()"),
    (
        "bdl-3",
        "entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' or \
         %resource.type = 'history'))",
    ),
    (
        "bdl-4",
        "entry.all(response.exists() = (%resource.type = 'batch-response' or %resource.type = \
         'transaction-response' or %resource.type = 'history'))",
    ),
    ("txt-1", "htmlChecks()"),
    ("txt-2", "htmlChecks()"),
    (
        "ref-1",
        "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id\
         .trace('ids'))",
    ),
];

/// Whether an invariant is one of those.
pub(super) fn is_native(key: &str, expression: &str) -> bool {
    NATIVE.contains(&(key, expression))
}
