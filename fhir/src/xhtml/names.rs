//! What HTML 4.0 has in its chapters 7 to 11 and 15, links and images.

/// Whether an element of that name may stand in a narrative.
pub(super) fn is_element(name: &str) -> bool {
    matches!(
        name,
        // Structure (7).
        "div" | "span" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "address"
        // Text (9), without insertions and deletions.
        | "em" | "strong" | "dfn" | "code" | "samp" | "kbd" | "var" | "cite" | "abbr" | "acronym"
        | "blockquote" | "q" | "sub" | "sup" | "p" | "br" | "pre" | "bdo"
        // Lists (10).
        | "ul" | "ol" | "li" | "dl" | "dt" | "dd"
        // Tables (11).
        | "table" | "caption" | "thead" | "tfoot" | "tbody" | "colgroup" | "col" | "tr" | "th" | "td"
        // Alignment, fonts, rules (15).
        | "tt" | "i" | "b" | "big" | "small" | "hr" | "u" | "s" | "strike" | "font" | "center"
        // Links and images.
        | "a" | "img" | "map" | "area"
    )
}

/// Whether an attribute of that name may stand on an element of a narrative.
pub(super) fn is_attribute(name: &str) -> bool {
    matches!(
        name,
        "id" | "class" | "style" | "title" | "lang" | "xml:lang" | "dir" | "xml:space"
        | "accesskey" | "tabindex"
        // Text and lists.
        | "cite" | "type" | "start" | "value" | "compact" | "clear"
        // Tables.
        | "summary" | "width" | "height" | "border" | "frame" | "rules" | "cellspacing" | "cellpadding" | "align"
        | "valign" | "char" | "charoff" | "span" | "rowspan" | "colspan" | "abbr" | "axis" | "headers" | "scope"
        | "nowrap" | "bgcolor"
        // Rules and fonts.
        | "noshade" | "size" | "color" | "face"
        // Links and images.
        | "href" | "name" | "rel" | "rev" | "hreflang" | "charset" | "target" | "src" | "alt" | "longdesc"
        | "usemap" | "ismap" | "hspace" | "vspace" | "shape" | "coords" | "nohref"
    ) || name == "xmlns"
        || name.starts_with("xmlns:")
}
