//! The folded `try` of the exceptions of before 3.0, unfolded before the text is parsed.
//!
//! The parser knows `try` only as a plain instruction. The proposal's text format also folds it (legacy proposal,
//! *Text Format*, "Folded Instructions"): `(try (do A) (catch $e B))` is `try A catch $e B end`, and with
//! `(delegate $l)` it is `try A delegate $l`. Parentheses become blanks or `end`, so every line stays where it is.
//! A plain instruction may stand among the operands of a folded one, but for the condition of an `if`: there the `if`
//! is unfolded too, and its head moves behind the condition.
//!
//! What is unfolded must have been well-formed, for much that is not would be so without its parentheses: `(try (nop))`.
//! Where it is not, two parentheses are put that no text can have there, and the parser says where that is.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
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
    /// Its head, once that has to move.
    head: Option<Range<usize>>,
    /// Whether `then` has begun.
    decided: bool,
}

struct Unfolding<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    /// For each parenthesis that opens, the token that closes it.
    closing: Vec<usize>,
    /// The tokens at which a folded `try` is malformed.
    faults: BTreeSet<usize>,
    out: String,
    /// The heads in the output that have moved, and are to be left out at the end: so no place in it changes before.
    heads: Vec<Range<usize>>,
    open: Vec<Form>,
    found: bool,
}

impl<'a> Unfolding<'a> {
    fn new(text: &'a str) -> Option<Self> {
        let mut lexer = Lexer::new(text);
        lexer.allow_confusing_unicode(true);
        let tokens: Vec<Token> = lexer.iter(0).collect::<Result<_, _>>().ok()?;
        let out = String::with_capacity(text.len() + 64);
        let closing = closing(&tokens);
        let (faults, heads, open) = (BTreeSet::new(), Vec::new(), Vec::new());
        Some(Unfolding { text, tokens, closing, faults, out, heads, open, found: false })
    }

    /// The unfolded text, if there was anything to unfold.
    fn run(mut self) -> Option<String> {
        let mut i = 0;
        while let Some(token) = self.tokens.get(i).copied() {
            if self.faults.contains(&i) {
                self.out.push_str(NO_TEXT);
            }
            match token.kind {
                TokenKind::LParen if self.is_annotation(i) => {
                    let end = self.closing[i].min(self.tokens.len() - 1);
                    let whole = self.tokens[i..=end].iter().map(|t| t.src(self.text));
                    self.out.extend(whole);
                    i = end;
                }
                TokenKind::LParen => i += self.opens(i),
                TokenKind::RParen => self.closes(),
                _ => self.out.push_str(token.src(self.text)),
            }
            i += 1;
        }
        self.found.then(|| self.without_heads())
    }

    fn without_heads(mut self) -> String {
        self.heads.sort_unstable_by_key(|head| head.start);
        let mut text = String::with_capacity(self.out.len());
        let mut from = 0;
        for head in &self.heads {
            text.push_str(&self.out[from..head.start]);
            from = head.end;
        }
        text.push_str(&self.out[from..]);
        text
    }

    /// The keyword after a parenthesis, if it follows with nothing but blanks between, and its token.
    fn keyword(&self, paren: usize) -> Option<(&'a str, usize)> {
        let i = (paren + 1..self.tokens.len()).find(|i| !is_blank(&self.tokens[*i]))?;
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
                let fault = self.fault_of_try(paren, at);
                self.faults.extend(fault);
                self.unfold_condition();
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
                    Some(head) => {
                        // Without the parenthesis.
                        let words = self.out[head.start + 1..head.end].to_owned();
                        return self.part(paren, at, &words);
                    }
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

    fn is_annotation(&self, paren: usize) -> bool {
        let next = self.tokens.get(paren + 1);
        next.is_some_and(|token| token.kind == TokenKind::Annotation)
    }

    /// What is between two tokens, without what is in parentheses there: blanks and annotations are left out.
    fn children(&self, after: usize, end: usize) -> impl Iterator<Item = usize> + '_ {
        let mut next = after + 1;
        std::iter::from_fn(move || {
            while next < end {
                let i = next;
                let token = self.tokens[i];
                next = if token.kind == TokenKind::LParen { self.closing[i] + 1 } else { i + 1 };
                if !is_blank(&token) && !self.is_annotation(i) {
                    return Some(i);
                }
            }
            None
        })
    }

    /// The token at which a folded `try` is not `(do …)` and then clauses: `(catch …)`, and at last `(catch_all …)`; or one
    /// `(delegate …)`.
    fn fault_of_try(&self, paren: usize, keyword: usize) -> Option<usize> {
        let end = self.closing[paren];
        let mut last = "try";
        for i in self.children(keyword, end) {
            let token = self.tokens[i];
            let part = (token.kind == TokenKind::LParen).then(|| self.keyword(i)).flatten();
            last = match (last, part) {
                ("try", None) if token.kind == TokenKind::Id => "label",
                ("try" | "label" | "type", Some(("type" | "param" | "result", _))) => "type",
                ("try" | "label" | "type", Some(("do", _))) => "do",
                ("do" | "catch", Some(("catch", _))) => "catch",
                ("do" | "catch", Some(("catch_all", _))) => "catch_all",
                ("do", Some(("delegate", _))) => "delegate",
                _ => return Some(i),
            };
            if let Some(fault) = part.and_then(|(word, at)| self.fault_of_part(word, i, at)) {
                return Some(fault);
            }
        }
        matches!(last, "try" | "label" | "type").then_some(end)
    }

    /// The token at which a part of a folded `try` is not what may stand in it: a label in `delegate`, and in others
    /// instructions that leave no block open and close none that is not theirs.
    fn fault_of_part(&self, word: &str, paren: usize, keyword: usize) -> Option<usize> {
        let end = self.closing[paren];
        let mut children = self.children(keyword, end);
        if word == "delegate" {
            let label = children.next().unwrap_or(end);
            let is_label = matches!(
                self.tokens.get(label).map(|t| t.kind),
                Some(TokenKind::Id | TokenKind::Integer(_))
            );
            return if is_label { children.next() } else { Some(label) };
        }
        let mut blocks = 0_u32;
        for i in children.filter(|i| self.tokens[*i].kind == TokenKind::Keyword) {
            match self.tokens[i].src(self.text) {
                "block" | "loop" | "if" | "try" | "try_table" => blocks += 1,
                "end" | "delegate" if blocks > 0 => blocks -= 1,
                "end" | "delegate" => return Some(i),
                "else" | "catch" | "catch_all" if blocks == 0 => return Some(i),
                _ => {}
            }
        }
        (blocks > 0).then_some(end)
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
    fn unfold_condition(&mut self) {
        let place = self.out.len();
        for form in self.open.iter_mut().rev() {
            let Form::If(on @ If { head: None, decided: false, .. }) = form else { break };
            let head = on.start..on.operands.unwrap_or(place);
            self.heads.push(head.clone());
            on.head = Some(head);
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

/// No text has this anywhere but in a comment or a string.
const NO_TEXT: &str = "((";

fn is_blank(token: &Token) -> bool {
    use TokenKind::{BlockComment, LineComment, Whitespace};
    matches!(token.kind, Whitespace | LineComment | BlockComment)
}

/// For each parenthesis that opens, the token that closes it, or else the end.
fn closing(tokens: &[Token]) -> Vec<usize> {
    let mut closing = vec![tokens.len(); tokens.len()];
    let mut open = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::LParen => open.push(i),
            TokenKind::RParen => {
                if let Some(opened) = open.pop() {
                    closing[opened] = i;
                }
            }
            _ => {}
        }
    }
    closing
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
    fn what_is_malformed_does_not_become_well_formed() {
        for text in [
            "(try)",
            "(try $l (result i32))",
            "(try (nop))",
            "(try nop)",
            "(try (nop) (do))",
            "(try (do) (do))",
            "(try (do) (nop) (catch_all))",
            "(try (do) nop)",
            "(try (do (nop)) (catch $e (nop)) nop)",
            "(try (catch_all) (do))",
            "(try (do) (catch_all) (catch $e))",
            "(try (do) (catch_all) (catch_all))",
            "(try (do) (delegate 0) (catch_all))",
            "(try (do) (catch $e) (delegate 0))",
            "(try (do) (delegate))",
            "(try (do) (delegate 0 (nop)))",
            "(try (do) (result i32))",
            "(try (result i32) $l (do))",
            "(try (do nop catch_all nop))",
            "(try (do end))",
            "(try (do block) (catch_all end))",
            "(try (do (try)) (catch_all))",
        ] {
            assert!(unfold(text).contains(super::NO_TEXT), "{text}: {}", unfold(text));
            let module = format!("(module (tag $e) (func block {text} end))");
            assert!(wat::parse_str(unfold(&module)).is_err(), "{text}: {}", unfold(&module));
        }
        for text in [
            "(try $l (param i32) (result i32) (do block end try nop catch_all end) (catch $e if else end))",
            "(try (@x (y) z) (do (@x)) (catch $e) (catch $e) (catch_all))",
            "(@x (try (nop)))",
            "(try (do) (delegate $l (;x;)))",
        ] {
            assert!(!unfold(text).contains(super::NO_TEXT), "{text}: {}", unfold(text));
        }
    }

    #[test]
    fn what_is_no_folded_try_stays() {
        for text in
            ["try nop end", "(try_table (catch 0 0))", "(; (try ;)", "\"(try\"", "(func $try)"]
        {
            assert_eq!(unfold(text), text);
        }
    }

    /// As deep as a file may be: neither recursion nor work that grows faster than the text.
    #[test]
    fn conditions_in_conditions_end() {
        let depth = 300_000;
        let text = format!("{}(try (do)){}", "(if ".repeat(depth), " (then))".repeat(depth));
        let unfolded = unfold(&text);
        assert_eq!(unfolded.matches("if").count(), depth);
        assert_eq!(unfolded.matches("end").count(), depth + 1);
    }
}
