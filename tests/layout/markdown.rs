//! Headings and sections of documents in Markdown. The tests `layout` and `it` share this file.

/// Level and text of a heading.
pub(crate) fn heading(line: &str) -> Option<(usize, &str)> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    text.strip_prefix(' ').filter(|_| level > 0).map(|text| (level, text))
}

/// The anchor that GitHub gives to the first heading with this text.
pub(crate) fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        _ => c.is_alphanumeric().then_some(c),
    });
    kept.flat_map(char::to_lowercase).collect()
}

/// From a heading to the next one of its level or above, code included.
pub(crate) fn section(text: &str, wanted: &str) -> String {
    let mut outer = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some((level, text)) = heading(line)
            && outer.is_none_or(|outer| level <= outer)
        {
            outer = (anchor(text) == wanted).then_some(level);
        }
        if outer.is_some() {
            lines.push(line);
        }
    }
    lines.join("\n")
}
