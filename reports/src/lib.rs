//! Renders records: HTML, JSON, JUnit, Markdown.
