//! The folded `try` of the exceptions of before 3.0, unfolded before the text is parsed.
//!
//! The parser knows `try` only as a plain instruction. The proposal's text format also folds it (legacy proposal,
//! *Text Format*, "Folded Instructions"): `(try (do A) (catch $e B))` is `try A catch $e B end`, and with
//! `(delegate $l)` it is `try A delegate $l`. Parentheses become blanks or `end`, so every line stays where it is.
//! A plain instruction may stand among the operands of a folded one, but for the condition of an `if`: there the `if`
//! is unfolded too, and its head moves behind the condition.

use std::borrow::Cow;
use wast::lexer::{Lexer, Token, TokenKind};

/// The text with every folded `try` unfolded. A text that has none, or is malformed, is given back as it is.
pub fn unfold(text: &str) -> Cow<'_, str> {
    if !text.contains("try") {
        return Cow::Borrowed(text);
    }
    match Unfolding::new(text).and_then(Unfolding::run) {
        Some(unfolded) => Cow::Owned(unfolded),
        None => Cow::Borrowed(text),
    }
}

/// What an open parenthesis belongs to.
#[derive(Debug)]
enum Form {
    /// A `try`, and whether a `delegate` has ended it.
    Try {
        delegated: bool,
    },
    /// What was unfolded, without an end of its own: `do`, `catch`, `catch_all`, `delegate`; `then` and `else` of an
    /// unfolded `if`.
    Part,
    If(If),
    Other,
}

/// A folded `if`, by places in the output.
#[derive(Debug)]
struct If {
    /// Where its parenthesis is.
    start: usize,
    /// Where its first operand begins.
    operands: Option<usize>,
    /// Its head, once it has been taken out of the output.
    head: Option<String>,
    /// Whether `then` has begun.
    decided: bool,
}

struct Unfolding<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    out: String,
    open: Vec<Form>,
    found: bool,
}

impl<'a> Unfolding<'a> {
    fn new(text: &'a str) -> Option<Self> {
        let mut lexer = Lexer::new(text);
        lexer.allow_confusing_unicode(true);
        let tokens = lexer.iter(0).collect::<Result<_, _>>().ok()?;
        let out = String::with_capacity(text.len() + 64);
        Some(Unfolding { text, tokens, out, open: Vec::new(), found: false })
    }

    /// The unfolded text, if there was anything to unfold.
    fn run(mut self) -> Option<String> {
        let mut i = 0;
        while let Some(token) = self.tokens.get(i).copied() {
            match token.kind {
                TokenKind::LParen => i += self.opens(i),
                TokenKind::RParen => self.closes(),
                _ => self.out.push_str(token.src(self.text)),
            }
            i += 1;
        }
        self.found.then_some(self.out)
    }

    /// The keyword after a parenthesis, if it follows with nothing but blanks between, and its token.
    fn keyword(&self, paren: usize) -> Option<(&'a str, usize)> {
        let blank = |t: &Token| {
            matches!(
                t.kind,
                TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment
            )
        };
        let i = (paren + 1..self.tokens.len()).find(|i| !blank(&self.tokens[*i]))?;
        let token = self.tokens[i];
        (token.kind == TokenKind::Keyword).then(|| (token.src(self.text), i))
    }

    /// A parenthesis opens; gives how many further tokens it took.
    fn opens(&mut self, paren: usize) -> usize {
        let (word, at) = self.keyword(paren).unwrap_or(("", paren));
        let place = self.out.len();
        if let Some(Form::If(on)) = self.open.last_mut()
            && !matches!(word, "param" | "result" | "type")
        {
            on.operands.get_or_insert(place);
        }
        match (self.open.last_mut(), word) {
            (_, "try") => {
                self.found = true;
                self.unfold_condition(self.open.len());
                self.out.push(' ');
                self.open.push(Form::Try { delegated: false });
            }
            (Some(Form::Try { .. }), "do") => return self.part(paren, at, ""),
            (Some(Form::Try { delegated }), "delegate") => {
                *delegated = true;
                return self.part(paren, at, word);
            }
            (Some(Form::Try { .. }), "catch" | "catch_all") => return self.part(paren, at, word),
            (Some(Form::If(on)), "then") => {
                on.decided = true;
                match on.head.clone() {
                    Some(head) => return self.part(paren, at, &head),
                    None => self.opens_as(Form::Other),
                }
            }
            (Some(Form::If(If { head: Some(_), .. })), "else") => {
                return self.part(paren, at, word);
            }
            (_, "if") => {
                let on = If { start: place, operands: None, head: None, decided: false };
                self.opens_as(Form::If(on));
            }
            _ => self.opens_as(Form::Other),
        }
        0
    }

    fn opens_as(&mut self, form: Form) {
        self.out.push('(');
        self.open.push(form);
    }

    /// The parenthesis and the keyword become other words; what is between them stays.
    fn part(&mut self, paren: usize, keyword: usize, words: &str) -> usize {
        self.out.push(' ');
        for token in &self.tokens[paren + 1..keyword] {
            self.out.push_str(token.src(self.text));
        }
        self.out.push_str(words);
        self.open.push(Form::Part);
        keyword - paren
    }

    /// If the next instruction is in the condition of a folded `if`, that is unfolded, and so is an `if` that has it
    /// in its own condition.
    fn unfold_condition(&mut self, depth: usize) {
        let Some(outer) = depth.checked_sub(1) else { return };
        let Form::If(If { head: None, decided: false, .. }) = &self.open[outer] else { return };
        self.unfold_condition(outer);
        let Form::If(on) = &mut self.open[outer] else { return };
        let end = on.operands.unwrap_or(self.out.len());
        let head: String = self.out.drain(on.start..end).collect();
        on.head = Some(head.strip_prefix('(').unwrap_or(&head).to_owned());
        // What follows has moved.
        for form in &mut self.open[outer + 1..] {
            if let Form::If(inner) = form {
                inner.start -= head.len();
                inner.operands = inner.operands.map(|place| place - head.len());
            }
        }
    }

    fn closes(&mut self) {
        self.out.push_str(match self.open.pop() {
            Some(Form::Try { delegated: false } | Form::If(If { head: Some(_), .. })) => " end ",
            Some(Form::Try { delegated: true } | Form::Part) => " ",
            Some(Form::If(_) | Form::Other) | None => ")",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::unfold;

    /// The words of an unfolded text.
    fn words(text: &str) -> String {
        let unfolded = unfold(text);
        assert_eq!(unfolded.lines().count(), text.lines().count(), "lines stay");
        unfolded.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn parts_of_a_try() {
        assert_eq!(
            words("(try (result i32) (do (throw $e)) (catch $e (f)) (catch_all (g)))"),
            "try (result i32) (throw $e) catch $e (f) catch_all (g) end"
        );
        assert_eq!(words("(try $l (do) (delegate 0))"), "try $l delegate 0");
        assert_eq!(words("(try (do (try (do (a)) (catch_all))))"), "try try (a) catch_all end end");
        assert_eq!(words("( ;;x\n try ( do) )"), ";;x try end");
    }

    #[test]
    fn the_condition_of_an_if_is_unfolded_with_it() {
        assert_eq!(
            words("(if (result i32)\n (try (do (c)))\n (then (a))\n (else (b)))"),
            "try (c) end if (result i32) (a) else (b) end"
        );
        assert_eq!(
            words("(if (if (try (do)) (then (x))) (then (y)))"),
            "try end if (x) end if (y) end"
        );
        // In an arm there is no need to.
        assert_eq!(words("(if (c) (then (try (do))))"), "(if (c) (then try end ))");
    }

    #[test]
    fn what_is_no_folded_try_stays() {
        for text in
            ["try nop end", "(try_table (catch 0 0))", "(; (try ;)", "\"(try\"", "(func $try)"]
        {
            assert_eq!(unfold(text), text);
        }
    }
}
