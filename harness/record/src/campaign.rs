//! Several records of one campaign as one.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Coverage, EngineInfo, Finding, FuzzRecord, Generator, Shards};

/// Why two records of `etalon fuzz` are not parts of one campaign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CampaignError {
    /// They were made with different options, or by different programs.
    #[error("not of one campaign: {}", .0.join("; "))]
    Differ(Vec<String>),
    /// Both hold the same cases.
    #[error("both hold shard {shard} of {of}")]
    SameShard {
        /// The shard, from 1.
        shard: u64,
        /// How many there are.
        of: u64,
    },
    /// One holds the whole campaign already.
    #[error("one of them holds the whole campaign, so nothing can be added to it")]
    Whole,
}

impl FuzzRecord {
    /// Adds another part of the same campaign. When all parts are there, this is the record of the campaign as it would have been
    /// in one piece, but for findings: a kind of divergence is reduced once in each shard, and of those that agree in what
    /// diverges, in the operator and in the engines, the first is kept.
    ///
    /// # Errors
    /// If they are not parts of one campaign, or overlap; `self` is then unchanged.
    pub fn merge(&mut self, other: Self) -> Result<(), CampaignError> {
        let shards = self.shards_with(&other)?;
        self.mark();
        let mut other = other;
        other.mark();
        self.modules += other.modules;
        self.cases += other.cases;
        self.timed_out += other.timed_out;
        self.interrupted |= other.interrupted;
        add(&mut self.outcomes, other.outcomes);
        add(&mut self.poisoned, other.poisoned);
        add(&mut self.untold, other.untold);
        self.coverage.merge(other.coverage);
        if let Some(laws) = other.laws {
            self.laws.get_or_insert_default().add(laws);
        }
        match (&mut self.same_as, other.same_as) {
            (Some(own), Some(other)) if own.arch == other.arch => own.merge(other),
            // Of a part alone it says nothing.
            (own, _) => *own = None,
        }
        for (name, generator) in other.generators {
            self.generators.entry(name).or_default().merge(generator);
        }
        self.findings.extend(other.findings);
        self.findings = distinct(std::mem::take(&mut self.findings));
        self.shards = (shards.these.len() as u64 != shards.of).then_some(shards);
        Ok(())
    }

    /// The shards of both.
    fn shards_with(&self, other: &Self) -> Result<Shards, CampaignError> {
        let mut what = self.differences(other);
        let whole = Shards { of: 1, these: vec![1] };
        let (a, b) = (self.shards.as_ref(), other.shards.as_ref());
        if let (Some(a), Some(b)) = (a, b)
            && a.of != b.of
        {
            what.push(format!("one is of {} shards, the other of {}", a.of, b.of));
        }
        if !what.is_empty() {
            return Err(CampaignError::Differ(what));
        }
        let (Some(a), Some(b)) = (a, b) else {
            return Err(match (a, b) {
                (None, None) => CampaignError::SameShard { shard: 1, of: whole.of },
                _ => CampaignError::Whole,
            });
        };
        let mut these: BTreeSet<u64> = a.these.iter().copied().collect();
        for shard in &b.these {
            if !these.insert(*shard) {
                return Err(CampaignError::SameShard { shard: *shard, of: a.of });
            }
        }
        Ok(Shards { of: a.of, these: these.into_iter().collect() })
    }

    /// In what they differ that all parts of a campaign have in common, in words.
    fn differences(&self, other: &Self) -> Vec<String> {
        let mut what = Vec::new();
        let mut differ = |name: &str, a: String, b: String| {
            if a != b {
                what.push(format!("{name}: {a} and {b}"));
            }
        };
        let tool = |r: &Self| format!("{} {}", r.tool.name, r.tool.version);
        let text = |o: &Option<String>| o.clone().unwrap_or_else(|| "none".to_owned());
        differ("tool", tool(self), tool(other));
        differ("architecture", self.arch.clone(), other.arch.clone());
        differ("seed", self.seed.to_string(), other.seed.to_string());
        differ("profiles", text(&self.profile), text(&other.profile));
        differ("time limit", text(&self.time_limit), text(&other.time_limit));
        differ("engines", names(&self.engines), names(&other.engines));
        let turns = |r: &Self| {
            let turns: Vec<String> = r.rotation.iter().map(|turn| turn.join(" ")).collect();
            if turns.is_empty() { "none".to_owned() } else { turns.join(", ") }
        };
        differ("other settings of engines", turns(self), turns(other));
        let none = "none".to_owned();
        for name in self.settings.keys().chain(other.settings.keys()).collect::<BTreeSet<_>>() {
            let of = |r: &Self| r.settings.get(name).unwrap_or(&none).clone();
            differ(name, of(self), of(other));
        }
        for (a, b) in self.engines.iter().zip(&other.engines) {
            if a != b && a.name == b.name && a.version == b.version {
                what.push(format!("the engine {} has other parts, features or settings", a.name));
            }
        }
        what
    }

    /// Says of each finding in which shard's folder it is.
    fn mark(&mut self) {
        let Some(Shards { these, .. }) = &self.shards else { return };
        let [shard] = these.as_slice() else { return };
        self.findings.iter_mut().for_each(|finding| finding.shard = Some(*shard));
    }
}

fn names(engines: &[EngineInfo]) -> String {
    let names: Vec<String> = engines.iter().map(|e| format!("{} {}", e.name, e.version)).collect();
    names.join(", ")
}

fn add(sum: &mut BTreeMap<String, u64>, counts: BTreeMap<String, u64>) {
    for (name, count) in counts {
        *sum.entry(name).or_default() += count;
    }
}

/// Findings that agree in what diverges, in the operator and in the engines are one: the one in the first shard. They are sorted
/// by name.
fn distinct(mut findings: Vec<Finding>) -> Vec<Finding> {
    // In the order of shards, so that it does not matter in which order records are merged.
    findings.sort_by(|a, b| (a.shard, &a.id).cmp(&(b.shard, &b.id)));
    let mut distinct: Vec<Finding> = Vec::new();
    for finding in findings {
        let is_same = |known: &&mut Finding| {
            // Without an operator nothing but the name says what it is.
            let cause = known.operator == finding.operator
                && (finding.operator.is_some() || known.id == finding.id);
            known.what == finding.what && known.engines == finding.engines && cause
        };
        match distinct.iter_mut().find(is_same) {
            Some(known) => known.cases += finding.cases,
            None => distinct.push(finding),
        }
    }
    distinct.sort_by(|a, b| a.id.cmp(&b.id));
    distinct
}

impl Coverage {
    /// Adds what other cases of the same campaign reached.
    fn merge(&mut self, other: Self) {
        add(&mut self.operators, other.operators);
        self.missing.retain(|name| other.missing.contains(name));
        let missing = self.missing.len() as u64;
        self.operators_reached = self.operators_total.saturating_sub(missing);
        match (&mut self.rules, other.rules) {
            (Some(own), Some(other)) => own.merge(&other),
            (own, other) => *own = own.take().or(other),
        }
    }
}

impl Generator {
    /// Adds what it did in other cases.
    fn merge(&mut self, other: Self) {
        self.modules += other.modules;
        self.cases += other.cases;
        add(&mut self.cells, other.cells);
        let operators: BTreeSet<&str> =
            self.cells.keys().filter_map(|cell| cell.split(' ').next()).collect();
        self.operators = operators.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::CampaignError;
    use crate::{Aspect, EngineInfo, Finding, FuzzRecord, Generator, Shards, Tool};

    fn part(shard: u64, finding: Option<(&str, &str)>) -> FuzzRecord {
        let mut record = FuzzRecord::new(Tool::new("etalon", "0"), "x86_64", 7);
        record.shards = Some(Shards { of: 3, these: vec![shard] });
        record.engines = vec![EngineInfo::new("oracle", "1"), EngineInfo::new("jit", "1")];
        record.settings.insert("rounds".into(), "4".into());
        (record.modules, record.cases) = (2, 10);
        record.outcomes.insert("returned".into(), 10);
        record.coverage.operators_total = 3;
        record.coverage.missing = vec![format!("only-{shard}"), "never".into()];
        let cells = [("i32.add constant returned".to_owned(), shard)].into();
        let generator = Generator { modules: 2, cases: 10, operators: 1, cells };
        record.generators.insert("single".into(), generator);
        record.findings.extend(finding.map(|(id, operator)| Finding {
            id: id.into(),
            what: Aspect::Results,
            folder: id.into(),
            operator: Some(operator.into()),
            engines: vec!["oracle".into(), "jit".into()],
            summary: None,
            cases: 1,
            shard: None,
            since: None,
        }));
        record
    }

    #[test]
    fn parts_add_up_in_any_order() -> Result<(), CampaignError> {
        let parts = || {
            [
                part(1, Some(("b", "i32.add"))),
                part(2, Some(("a", "i32.add"))),
                part(3, Some(("c", "i32.mul"))),
            ]
        };
        let mut merged = Vec::new();
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut parts = parts().map(Some);
            let mut whole = parts[order[0]].take().expect("each is taken once");
            for i in &order[1..] {
                whole.merge(parts[*i].take().expect("each is taken once"))?;
            }
            merged.push(whole);
        }
        assert!(merged.windows(2).all(|pair| pair[0] == pair[1]));
        let whole = &merged[0];
        assert_eq!((whole.modules, whole.cases, whole.outcomes["returned"]), (6, 30, 30));
        assert_eq!(whole.shards, None, "all parts are there");
        assert_eq!((whole.coverage.operators_reached, whole.coverage.missing.len()), (2, 1));
        assert_eq!(whole.generators["single"].cells["i32.add constant returned"], 6);
        let findings: Vec<_> =
            whole.findings.iter().map(|f| (f.id.as_str(), f.cases, f.shard)).collect();
        assert_eq!(findings, [("b", 2, Some(1)), ("c", 1, Some(3))]);
        Ok(())
    }

    #[test]
    fn what_is_no_part_is_refused_and_named() {
        let original = part(1, None);
        let mut whole = original.clone();
        let told = |whole: &mut FuzzRecord, change: fn(&mut FuzzRecord)| {
            let mut other = part(2, None);
            change(&mut other);
            whole.merge(other).expect_err("it is refused").to_string()
        };
        for (change, expected) in [
            ((|r| r.seed = 8) as fn(&mut FuzzRecord), "seed: 7 and 8"),
            (|r| r.engines[1].version = "2".into(), "engines: oracle 1, jit 1 and oracle 1, jit 2"),
            (|r| r.profile = Some("single".into()), "profiles: none and single"),
            (|r| drop(r.settings.insert("rounds".into(), "5".into())), "rounds: 4 and 5"),
            (|r| drop(r.settings.insert("gas".into(), "5".into())), "gas: none and 5"),
            (|r| r.engines[1].features.push("gc".into()), "the engine jit has other parts"),
            (|r| r.shards = Some(Shards { of: 4, these: vec![2] }), "of 3 shards, the other of 4"),
            (|r| r.shards = Some(Shards { of: 3, these: vec![1] }), "both hold shard 1 of 3"),
            (|r| r.shards = None, "holds the whole campaign"),
        ] {
            let told = told(&mut whole, change);
            assert!(told.contains(expected), "{told}");
        }
        assert_eq!(whole, original);
        whole.shards = None;
        let twice = whole.clone().merge(whole);
        assert_eq!(twice, Err(CampaignError::SameShard { shard: 1, of: 1 }));
    }
}
