//! The frame of every page: head, style, script.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::text::visible;

/// How much of one text is shown, in characters.
const MAX_TEXT: usize = 4000;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

/// A text of a record, with hidden characters made visible; the template escapes it.
pub(crate) fn shown(text: &str) -> String {
    visible(text, MAX_TEXT)
}

/// A whole page around `body`.
pub(crate) fn frame(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
                title { (shown(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "To the results" }
                (body)
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}
