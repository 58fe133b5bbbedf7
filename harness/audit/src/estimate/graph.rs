//! Who calls whom.

use super::outside::{Outside, named};
use super::sizes::Grown;
use super::stated::Stated;
use etalon::unstable::module::{Module, TypeId, TypeRegistry};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use wasmparser::Operator;

/// A place in the graph: a function by its index, or behind the functions a type, which stands for all functions that are called by it, or that
/// are imported by it.
pub(crate) type Node = u32;

/// A call that an operator makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) node: Node,
    /// Whether it says the type alone, and through which table.
    pub(crate) by_type: Option<Option<u32>>,
    /// Whether the caller is gone when the callee begins.
    pub(crate) is_tail: bool,
}

/// The calls of a module.
#[derive(Debug)]
pub(crate) struct Graph {
    functions: u32,
    /// By type index: its node, if something is called by it.
    types: FxHashMap<u32, Node>,
    /// By node: where its calls begin among all of them.
    starts: Vec<usize>,
    /// The callee, and the offset of the call in the module; calls of a node follow each other.
    calls: Vec<(Node, u32)>,
    pub(crate) outside: Outside,
    pub(crate) grown: Grown,
}

impl Graph {
    /// Reads all bodies. Calls whose cost is stated lead nowhere.
    pub(crate) fn new(module: &Module, stated: &Stated) -> Graph {
        let functions = module.funcs.len() as u32;
        let mut registry = TypeRegistry::new();
        let ids = registry.intern_module(module);
        let mut graph = Graph {
            functions,
            types: FxHashMap::default(),
            starts: vec![0; module.imported_funcs as usize],
            calls: Vec::new(),
            outside: Outside::new(module, &registry, &ids),
            grown: Grown::default(),
        };
        // A type has one node, whatever its index.
        let mut nodes: Vec<TypeId> = Vec::new();
        let mut known: FxHashMap<TypeId, Node> = FxHashMap::default();
        let mut referable = named(module);
        for (function, body) in (module.imported_funcs..).zip(&module.bodies) {
            graph.starts.push(graph.calls.len());
            let mut reader = module.operators(body);
            while let Ok((operator, offset)) = reader.read_with_offset() {
                graph.grown.read(&operator);
                if let Operator::RefFunc { function_index } = operator {
                    referable.insert(function_index);
                }
                let offset = offset as u32;
                let Some(called) = called(&operator) else { continue };
                let node = match called {
                    Called::Function(function) => function,
                    Called::Type(index) => {
                        let id = ids[index as usize];
                        let node = *known.entry(id).or_insert_with(|| {
                            nodes.push(id);
                            functions + nodes.len() as u32 - 1
                        });
                        graph.types.insert(index, node);
                        node
                    }
                };
                if stated.gas(function, offset).is_none() {
                    graph.calls.push((node, offset));
                }
            }
        }
        let defined = Defined { module, registry: &registry, ids: &ids };
        let by_type = candidates(defined, &nodes, &known, referable);
        for candidates in by_type {
            graph.starts.push(graph.calls.len());
            graph.calls.extend(candidates.into_iter().map(|function| (function, 0)));
        }
        graph.starts.push(graph.calls.len());
        graph
    }

    /// How many places there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether a place is a function, and not a type.
    pub(crate) fn is_function(&self, node: Node) -> bool {
        node < self.functions
    }

    /// The calls of a place, with their offsets in the module.
    pub(crate) fn calls(&self, node: Node) -> &[(Node, u32)] {
        let node = node as usize;
        &self.calls[self.starts[node]..self.starts[node + 1]]
    }

    /// The call that an operator makes.
    pub(crate) fn call(&self, operator: &Operator<'_>) -> Option<Call> {
        use Operator as O;
        let node = match called(operator)? {
            Called::Function(function) => function,
            Called::Type(index) => *self.types.get(&index)?,
        };
        let by_type = match operator {
            O::CallIndirect { table_index, .. } | O::ReturnCallIndirect { table_index, .. } => {
                Some(Some(*table_index))
            }
            O::CallRef { .. } | O::ReturnCallRef { .. } => Some(None),
            _ => None,
        };
        let is_tail = matches!(
            operator,
            O::ReturnCall { .. } | O::ReturnCallIndirect { .. } | O::ReturnCallRef { .. }
        );
        Some(Call { node, by_type, is_tail })
    }

    /// What can be reached from some places, in groups whose members all reach each other: a group comes after all that it calls. The
    /// algorithm is Tarjan's, with a stack of its own, for calls may be a million deep.
    pub(crate) fn groups(&self, roots: &[Node]) -> Groups {
        let mut groups = Groups { members: Vec::new(), ends: Vec::new() };
        // By place: the number of its first visit, from 1 on; then `DONE`.
        let mut seen = vec![0u32; self.len()];
        let mut lowest = vec![0u32; self.len()];
        let (mut count, mut waiting, mut path) = (0u32, Vec::new(), Vec::new());
        for root in roots {
            if seen[*root as usize] == 0 {
                path.push((*root, 0));
            }
            while let Some((node, next)) = path.last_mut() {
                let at = *node as usize;
                if *next == 0 && seen[at] == 0 {
                    count += 1;
                    (seen[at], lowest[at]) = (count, count);
                    waiting.push(*node);
                }
                if let Some((callee, _)) = self.calls(*node).get(*next) {
                    *next += 1;
                    match seen[*callee as usize] {
                        0 => path.push((*callee, 0)),
                        DONE => {}
                        number => lowest[at] = lowest[at].min(number),
                    }
                    continue;
                }
                let node = *node;
                path.pop();
                if let Some((caller, _)) = path.last() {
                    let caller = *caller as usize;
                    lowest[caller] = lowest[caller].min(lowest[at]);
                }
                if lowest[at] == seen[at] {
                    while let Some(member) = waiting.pop() {
                        seen[member as usize] = DONE;
                        groups.members.push(member);
                        if member == node {
                            break;
                        }
                    }
                    groups.ends.push(groups.members.len());
                }
            }
        }
        groups
    }
}

/// The types of a module, by their indices.
#[derive(Clone, Copy)]
struct Defined<'m> {
    module: &'m Module,
    registry: &'m TypeRegistry,
    ids: &'m [TypeId],
}

/// What calls by a type may come to, of each node behind the functions: first those of the types that something is called by, then those of
/// the types that functions are imported by.
fn candidates(
    Defined { module, registry, ids }: Defined<'_>,
    nodes: &[TypeId],
    known: &FxHashMap<TypeId, Node>,
    referable: BTreeSet<u32>,
) -> Vec<Vec<Node>> {
    let functions = module.funcs.len() as u32;
    let mut by_type: Vec<Vec<Node>> = vec![Vec::new(); nodes.len()];
    // By the type that functions are imported by: a node for all of them.
    let mut imported: FxHashMap<TypeId, Node> = FxHashMap::default();
    for function in referable {
        let declared = ids[module.funcs[function as usize] as usize];
        for id in registry.supertypes(declared) {
            if let Some(node) = known.get(id) {
                by_type[(node - functions) as usize].push(function);
            }
        }
        if function < module.imported_funcs {
            let node = *imported.entry(declared).or_insert_with(|| {
                by_type.push(Vec::new());
                functions + by_type.len() as u32 - 1
            });
            by_type[(node - functions) as usize].push(function);
        }
    }
    // What is linked to an import may have a subtype of the type that the import declares (specification: *Execution*, *Modules*,
    // "Instantiation"), so calls by subtypes may come to it as well.
    for (candidates, id) in by_type.iter_mut().zip(nodes) {
        let above = registry.supertypes(*id).iter().filter(|above| *above != id);
        candidates.extend(above.filter_map(|above| imported.get(above)));
    }
    by_type
}

/// A place that is left.
const DONE: u32 = u32::MAX;

/// Groups of places, one after the other.
#[derive(Debug)]
pub(crate) struct Groups {
    members: Vec<Node>,
    ends: Vec<usize>,
}

impl Groups {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[Node]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.members[start..*end])
    }
}

/// A function, or a type index.
enum Called {
    Function(u32),
    Type(u32),
}

fn called(operator: &Operator<'_>) -> Option<Called> {
    use Operator as O;
    match *operator {
        O::Call { function_index } | O::ReturnCall { function_index } => {
            Some(Called::Function(function_index))
        }
        O::CallIndirect { type_index, .. }
        | O::ReturnCallIndirect { type_index, .. }
        | O::CallRef { type_index }
        | O::ReturnCallRef { type_index } => Some(Called::Type(type_index)),
        _ => None,
    }
}
