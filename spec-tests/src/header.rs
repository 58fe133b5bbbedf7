//! The header of a script.

/// The features that a script needs besides those of its suite: a line of the comment at its top, such as
/// `;; features: tail-call, gc`.
pub fn features_in_header(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .take_while(|line| line.is_empty() || line.starts_with(";;"))
        .filter_map(|line| line.trim_start_matches(';').trim().strip_prefix("features:"))
        .flat_map(|names| names.split(','))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::features_in_header;

    #[test]
    fn only_the_comments_at_the_top_count() {
        let text =
            ";; What it is about.\n\n;; features: gc, simd\n(module)\n;; features: threads\n";
        assert_eq!(features_in_header(text), ["gc", "simd"]);
        assert!(features_in_header("(module)").is_empty());
    }
}
