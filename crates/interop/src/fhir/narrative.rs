//! FHIR narrative (limited XHTML) as plain text.

/// Text of `div`, blocks and line breaks as new lines, white space folded. Tags never survive; an
/// unknown entity stays as written.
pub(super) fn plain(div: &str) -> String {
    let mut text = String::new();
    let mut rest = div;
    while let Some((before, tagged)) = rest.split_once('<') {
        decode(before, &mut text);
        let (tag, after) = tagged.split_once('>').unwrap_or((tagged, ""));
        let name = tag
            .trim_start_matches('/')
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default();
        match name {
            "br" | "p" | "div" | "li" | "tr" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => text.push('\n'),
            "td" | "th" => text.push(' '),
            _ => {}
        }
        rest = after;
    }
    decode(rest, &mut text);
    text.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

fn decode(part: &str, out: &mut String) {
    // Line ends in the source are only white space; blocks make the lines.
    let part = part.replace(['\n', '\r', '\t', '\u{a0}'], " ");
    let mut rest = part.as_str();
    while let Some((before, entity)) = rest.split_once('&') {
        out.push_str(before);
        match entity
            .split_once(';')
            .and_then(|(name, after)| Some((character(name)?, after)))
        {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push('&');
                rest = entity;
            }
        }
    }
    out.push_str(rest);
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| !c.is_control())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn tags_go_and_text_stays() {
        for (div, text) in [
            (
                "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>乏力2周</p></div>",
                "乏力2周",
            ),
            ("<div>a<br/>b &lt; c&#160;&amp; d</div>", "a\nb < c & d"),
            ("<ul><li>one\n two</li><li>three</li></ul>", "one two\nthree"),
            ("Hb &unknown; 92 & 93", "Hb &unknown; 92 & 93"),
            ("open <b", "open"),
            ("&#0;&#xD800;&#x6C14;", "&#0;&#xD800;气"),
            ("", ""),
        ] {
            assert_eq!(plain(div), text, "{div}");
        }
    }
}
