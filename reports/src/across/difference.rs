//! In what a script on an engine differs between architectures.

use etalon_record::{Failure, Row};

use crate::text::{list, number};

/// What differs, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Aspect {
    /// What fails, or passes unexpectedly.
    Verdicts,
    /// The gas that was charged by one schedule.
    Gas,
    /// What could be observed: results, memories, tables, globals, down to the bits of NaNs.
    Digest,
    /// What was tried at all.
    Tried,
}

/// A script that is not the same on all architectures.
#[derive(Debug)]
pub(crate) struct Difference<'a> {
    pub(crate) suite: &'a str,
    pub(crate) file: &'a str,
    /// The engines that differ in this way.
    pub(crate) engines: Vec<&'a str>,
    /// Never empty, and sorted.
    pub(crate) aspects: Vec<Aspect>,
    /// Architectures that agree, and what is to be said of them in words. Those that are at fault come first: where
    /// something fails, or else the fewest.
    pub(crate) groups: Vec<Group<'a>>,
}

/// Architectures on which a script is the same.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group<'a> {
    pub(crate) archs: Vec<&'a str>,
    pub(crate) what: String,
    /// The first assertion that fails there.
    pub(crate) failure: Option<&'a Failure>,
    fails: bool,
}

impl<'a> Difference<'a> {
    /// Compares the rows of one script on one engine. `None` if they agree.
    pub(crate) fn of(rows: &[(&'a str, &'a Row)], engine: &str) -> Option<Self> {
        let aspects = aspects(rows);
        let (_, first) = rows.first().filter(|_| !aspects.is_empty())?;
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut of_group: Vec<&Row> = Vec::new();
        for (arch, row) in rows {
            let is_same = |other: &&Row| aspects.iter().all(|aspect| aspect.is_same(other, row));
            match of_group.iter().position(is_same) {
                Some(at) => groups[at].archs.push(arch),
                None => {
                    of_group.push(row);
                    groups.push(Group {
                        archs: vec![arch],
                        what: in_words(row, &aspects),
                        failure: row.failures.first(),
                        fails: fails(row),
                    });
                }
            }
        }
        groups.sort_by_key(|group| (!group.fails, group.archs.len()));
        let engine =
            rows.iter().map(|(_, row)| row.engine.as_str()).find(|name| *name == engine)?;
        Some(Difference {
            suite: &first.suite,
            file: &first.file,
            engines: vec![engine],
            aspects,
            groups,
        })
    }

    /// Whether another engine differs in the same way in the same script.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (self.suite, self.file) == (other.suite, other.file)
            && self.aspects == other.aspects
            && self.groups == other.groups
    }

    /// Where it is: on which architectures it is not as elsewhere.
    pub(crate) fn odd(&self) -> Vec<&'a str> {
        let is_odd = |group: &&Group<'_>| group.fails == self.groups[0].fails;
        let odd: Vec<&Group<'_>> = self.groups.iter().filter(is_odd).collect();
        // Where all fail, or none, those that are fewer are named.
        let odd = if odd.len() == self.groups.len() { &odd[..1] } else { &odd };
        odd.iter().flat_map(|group| group.archs.iter().copied()).collect()
    }

    /// One sentence that can stand alone.
    pub(crate) fn headline(&self) -> String {
        let (odd, group) = (self.odd(), &self.groups[0]);
        let others = self.groups.iter().flat_map(|group| &group.archs).count() - odd.len();
        let place = match odd.as_slice() {
            [one] if others > 1 => format!("Only on {one}"),
            odd => format!("On {}", list(odd)),
        };
        let script = format!("{}/{} on {}", self.suite, self.file, list(&self.engines));
        let elsewhere: Vec<&str> = self.groups[1..].iter().map(|g| g.what.as_str()).collect();
        let elsewhere = list(&elsewhere);
        match (self.aspects[0], group.failure) {
            (Aspect::Verdicts, Some(failure)) => {
                let Failure { line, kind, text, expected, got, .. } = failure;
                let text = text.as_ref().unwrap_or(kind);
                format!(
                    "{place}: {script} fails in line {line}, {text}: expected {expected}, got {got}."
                )
            }
            (Aspect::Tried, _) => {
                format!(
                    "{place}: {script} is not judged as elsewhere: {}, elsewhere {elsewhere}.",
                    group.what
                )
            }
            _ => format!("{place}: {script} has {}, elsewhere {elsewhere}.", group.what),
        }
    }
}

fn fails(row: &Row) -> bool {
    row.failed > 0 || row.unexpected_passes > 0
}

/// In what rows differ. What only one of them observed says nothing about their agreement, and where other assertions were
/// tried, other gas and other states are to be expected.
fn aspects(rows: &[(&str, &Row)]) -> Vec<Aspect> {
    let differ = |aspect: Aspect| {
        let mut seen = rows.iter().map(|(_, row)| *row).filter(|row| match aspect {
            Aspect::Gas => row.gas_consumed.is_some(),
            Aspect::Digest => row.digest.is_some(),
            Aspect::Verdicts | Aspect::Tried => true,
        });
        let first = seen.next();
        seen.any(|row| first.is_some_and(|first| !aspect.is_same(first, row)))
    };
    let tried = differ(Aspect::Tried);
    let verdicts = differ(Aspect::Verdicts);
    let mut aspects = Vec::new();
    for (aspect, counts) in [
        (Aspect::Verdicts, verdicts),
        (Aspect::Gas, !tried && differ(Aspect::Gas)),
        (Aspect::Digest, !tried && differ(Aspect::Digest)),
        (Aspect::Tried, tried),
    ] {
        if counts {
            aspects.push(aspect);
        }
    }
    aspects
}

impl Aspect {
    fn is_same(self, a: &Row, b: &Row) -> bool {
        match self {
            Self::Verdicts => {
                let of = |row: &Row| (row.failed, row.unexpected_passes, row.expected_failures);
                of(a) == of(b) && a.failures == b.failures
            }
            Self::Gas => a.gas_consumed == b.gas_consumed,
            Self::Digest => a.digest == b.digest,
            Self::Tried => {
                let tried = |row: &Row| row.assertions() - row.skipped;
                (tried(a), a.skipped, &a.unsupported) == (tried(b), b.skipped, &b.unsupported)
            }
        }
    }

    /// In one word, for tables.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Verdicts => "verdicts",
            Self::Gas => "gas",
            Self::Digest => "state",
            Self::Tried => "what was tried",
        }
    }
}

/// What there is to say of a row in the aspects in which rows differ.
fn in_words(row: &Row, aspects: &[Aspect]) -> String {
    let digest = row.digest.as_deref().unwrap_or("none");
    let words = aspects.iter().map(|aspect| match aspect {
        Aspect::Verdicts | Aspect::Tried => crate::text::describe(row),
        Aspect::Gas => {
            format!("gas {}", row.gas_consumed.map_or_else(|| "not metered".to_owned(), number))
        }
        Aspect::Digest => format!("state {}", digest.chars().take(12).collect::<String>()),
    });
    let mut words: Vec<String> = words.collect();
    words.dedup();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Aspect, Difference};
    use etalon_record::{Failure, Row};

    fn row(change: impl FnOnce(&mut Row)) -> Row {
        let mut row = Row {
            passed: 2,
            gas_consumed: Some(1200),
            digest: Some("ab".into()),
            ..Row::new("s", "a.wast", "jit")
        };
        change(&mut row);
        row
    }

    /// What is said of three architectures that are alike, but for a change to the last.
    fn said(change: impl FnOnce(&mut Row)) -> Option<(Vec<Aspect>, String)> {
        let (same, other) = (row(|_| {}), row(change));
        let rows = [("aarch64", &same), ("riscv64", &same), ("s390x", &other)];
        let difference = Difference::of(&rows, "jit")?;
        assert_eq!(difference.odd(), ["s390x"]);
        Some((difference.aspects.clone(), difference.headline()))
    }

    #[test]
    fn each_aspect_is_found_and_named_with_its_architecture() {
        let failure = Failure {
            line: 7,
            text: Some("(assert_return (invoke \"f\"))".into()),
            expected: "i32:1".into(),
            got: "i32:2".into(),
            ..Failure::default()
        };
        let told = said(|row| {
            (row.passed, row.failed, row.failures) = (1, 1, vec![failure]);
            row.digest = Some("cd".into());
        });
        let line = "Only on s390x: s/a.wast on jit fails in line 7, (assert_return (invoke \"f\")): expected i32:1, got i32:2.";
        assert_eq!(told, Some((vec![Aspect::Verdicts, Aspect::Digest], line.to_owned())));
        let told = said(|row| row.gas_consumed = Some(1201));
        let line = "Only on s390x: s/a.wast on jit has gas 1,201, elsewhere gas 1,200.";
        assert_eq!(told, Some((vec![Aspect::Gas], line.to_owned())));
        let told = said(|row| row.digest = Some("cd".into()));
        let line = "Only on s390x: s/a.wast on jit has state cd, elsewhere state ab.";
        assert_eq!(told, Some((vec![Aspect::Digest], line.to_owned())));
        let told = said(|row| {
            (row.passed, row.skipped, row.gas_consumed, row.digest) = (0, 2, None, Some("".into()));
            row.unsupported.push("simd".into());
        });
        let line = "Only on s390x: s/a.wast on jit is not judged as elsewhere: 2 skipped, lacks simd, elsewhere 2 passed.";
        assert_eq!(told, Some((vec![Aspect::Tried], line.to_owned())));
    }

    #[test]
    fn what_only_one_observed_is_no_difference() {
        assert_eq!(said(|_| {}), None);
        assert_eq!(said(|row| row.digest = None), None);
        assert_eq!(said(|row| row.gas_consumed = None), None);
    }
}
