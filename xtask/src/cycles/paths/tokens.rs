// SPDX-License-Identifier: AGPL-3.0-or-later
//! Just enough of Rust's lexer: words, `::` and single signs, without comments, texts and characters.

/// The tokens of a piece of code.
pub(super) fn tokens(code: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = passed_over(rest) {
            rest = after;
            continue;
        }
        let length = match first {
            _ if first.is_alphanumeric() || first == '_' => rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        if !first.is_whitespace() {
            tokens.push(token.to_owned());
        }
    }
    tokens
}

/// What follows a comment, a text or a character at the start of the code.
fn passed_over(code: &str) -> Option<&str> {
    if code.starts_with("//") {
        return Some(code.split_once('\n').map_or("", |(_, after)| after));
    }
    if let Some(after) = code.strip_prefix("/*") {
        return Some(after.split_once("*/").map_or("", |(_, after)| after));
    }
    if let Some(after) = code.strip_prefix('"') {
        return Some(after_text(after));
    }
    if let Some(after) = code.strip_prefix('r').filter(|after| after.starts_with(['"', '#'])) {
        let marks = after.len().saturating_sub(after.trim_start_matches('#').len());
        let end = format!("\"{}", "#".repeat(marks));
        let inside = after.get(marks..)?.strip_prefix('"')?;
        return Some(inside.split_once(end.as_str()).map_or("", |(_, after)| after));
    }
    // a character, not a lifetime
    let inside = code.strip_prefix('\'')?;
    match inside.strip_prefix('\\') {
        Some(escaped) => escaped.get(1..)?.split_once('\'').map(|(_, after)| after),
        None => inside.get(inside.chars().next()?.len_utf8()..)?.strip_prefix('\''),
    }
}

fn after_text(text: &str) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return text.get(at.saturating_add(1)..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_characters_and_comments_are_passed_over() {
        let code = "a::<'b>(\"https://c\\\" d\", r#\"e \" f\"#, '\"', '\\'', g) /* h */ // i\nj";
        let expected = ["a", "::", "<", "'", "b", ">", "(", ",", ",", ",", ",", "g", ")", "j"];
        assert_eq!(tokens(code), expected);
    }
}
