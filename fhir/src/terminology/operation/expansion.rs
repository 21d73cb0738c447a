//! An expansion as it is written: <https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.expansion>

use super::display::{designations, display_in};
use super::expansion_options::Options;
use super::expansion_parameters::Parameters;
use super::expansion_properties;
use crate::json::{Node, write_string};
use crate::terminology::supplements::Supplements;
use crate::terminology::{Designation, Entry, ValueSet};
use std::collections::BTreeMap;

/// Nesting beyond this is written flat: a reader's depth limit is not ours to test.
const DEPTH_MAX: usize = 16;

/// The codes of an answer.
pub(super) struct Expansion<'v> {
    pub entries: Vec<Entry<'v>>,
    /// All that pass, on this page or not.
    pub total: usize,
    /// There may be more that are not known here.
    pub only_part: bool,
    /// Those whose texts are shown.
    pub supplements: &'v Supplements,
    /// The code systems that it has in several versions: their codes say of which they are.
    pub versioned: Vec<&'v str>,
}

impl Expansion<'_> {
    pub fn write(&self, value_set: &ValueSet, options: &Options, now: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(512 + self.entries.len() * 128);
        definition(&mut out, value_set, options.include_definition);
        out.extend_from_slice(b",\"expansion\":{");
        expansion_properties::declare(&mut out, &options.properties, value_set, self.supplements);
        out.extend_from_slice(b"\"timestamp\":");
        write_string(&mut out, now);
        out.extend_from_slice(format!(",\"total\":{}", self.total).as_bytes());
        if options.offset.is_some() || options.count.is_some() {
            out.extend_from_slice(format!(",\"offset\":{}", options.offset.unwrap_or(0)).as_bytes());
        }
        let parameters = Parameters { only_part: self.only_part, supplements: self.supplements, value_set };
        parameters.write(&mut out, options);
        let paged = options.offset.is_some() || options.count.is_some();
        let tree = match paged || options.filter.is_some() || options.exclude_nested {
            true => None,
            false => Tree::of(&self.entries),
        };
        match tree {
            Some(tree) => self.contains(&mut out, options, &tree.roots, Some(&tree)),
            None => self.contains(&mut out, options, &(0..self.entries.len()).collect::<Vec<_>>(), None),
        }
        out.extend_from_slice(b"}}");
        out
    }

    /// Those entries, with those below them. Recursion ends at `DEPTH_MAX`: `Tree::of` refuses deeper ones.
    fn contains(&self, out: &mut Vec<u8>, options: &Options, entries: &[usize], tree: Option<&Tree>) {
        for (at, entry) in entries.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b",\"contains\":[{" } else { b",{" });
            expansion_properties::write_of(out, self.entries[*entry], &options.properties, self.supplements);
            write_entry(out, self.entries[*entry], options, self);
            if let Some(tree) = tree {
                self.contains(out, options, &tree.children[*entry], Some(tree));
            }
            out.push(b'}');
        }
        if !entries.is_empty() {
            out.push(b']');
        }
    }
}

/// Which entry is written below which. Every entry has one place, below the first of its parents that is in the expansion.
struct Tree {
    roots: Vec<usize>,
    children: Vec<Vec<usize>>,
}

impl Tree {
    /// `None`: nothing is nested, or too deeply.
    fn of(entries: &[Entry<'_>]) -> Option<Tree> {
        let key = |entry: &Entry<'_>| {
            entry.place().map(|(system, number)| (std::ptr::from_ref(system) as usize, number))
        };
        let places: BTreeMap<_, _> =
            entries.iter().enumerate().filter_map(|(at, entry)| Some((key(entry)?, at))).collect();
        let parent = |entry: &Entry<'_>| {
            let (system, number) = entry.place()?;
            let at = |parent: &u32| places.get(&(std::ptr::from_ref(system) as usize, *parent)).copied();
            system.parents(number).iter().find_map(at)
        };
        let parents: Vec<_> = entries.iter().map(parent).collect();
        let depth = |mut at: usize| {
            (0..=DEPTH_MAX).find(|_| match parents[at] {
                Some(parent) => {
                    at = parent;
                    false
                }
                None => true,
            })
        };
        let mut tree = Tree { roots: Vec::new(), children: vec![Vec::new(); entries.len()] };
        for (at, parent) in parents.iter().enumerate() {
            depth(at)?;
            match parent {
                Some(parent) => tree.children[*parent].push(at),
                None => tree.roots.push(at),
            }
        }
        (tree.roots.len() < entries.len()).then_some(tree)
    }
}

/// The resource up to its expansion.
fn definition(out: &mut Vec<u8>, value_set: &ValueSet, whole: bool) {
    out.extend_from_slice(b"{\"resourceType\":\"ValueSet\"");
    let Some(document) = &value_set.document else {
        out.extend_from_slice(b",\"url\":");
        write_string(out, &value_set.url);
        out.extend_from_slice(b",\"status\":\"active\"");
        return;
    };
    // The copyright is the condition on which the texts may be given away.
    let of_header = [
        "id",
        "url",
        "identifier",
        "version",
        "name",
        "title",
        "status",
        "experimental",
        "date",
        "copyright",
    ];
    let root: Node<'_> = document.root();
    for (key, value) in root.members() {
        let name = key.as_str();
        let left_out = matches!(&*name, "resourceType" | "expansion" | "text");
        if left_out || !(whole || of_header.contains(&&*name)) {
            continue;
        }
        out.push(b',');
        write_string(out, &name);
        out.push(b':');
        out.extend_from_slice(value.raw());
    }
}

fn write_entry(
    out: &mut Vec<u8>,
    entry: Entry<'_>,
    options: &Options,
    Expansion { supplements, versioned, .. }: &Expansion<'_>,
) {
    let member = |out: &mut Vec<u8>, name: &str, text: &str| {
        out.extend_from_slice(format!(",\"{name}\":").as_bytes());
        write_string(out, text);
    };
    out.extend_from_slice(b"\"system\":");
    write_string(out, entry.system());
    if let Some(version) = entry.version().filter(|_| versioned.contains(&entry.system())) {
        member(out, "version", version);
    }
    if entry.is_abstract() {
        out.extend_from_slice(b",\"abstract\":true");
    }
    if entry.is_inactive() {
        out.extend_from_slice(b",\"inactive\":true");
    }
    member(out, "code", entry.code());
    if let Some(display) = display_in(entry, options.language.as_deref(), supplements) {
        member(out, "display", display);
    }
    if options.include_designations {
        let wanted = designations(entry, supplements).filter(|one| is_wanted(one, &options.designations));
        let mut first = true;
        for designation in wanted {
            out.extend_from_slice(if first { b",\"designation\":[" } else { b"," });
            designation.write(out);
            first = false;
        }
        if !first {
            out.push(b']');
        }
    }
}

/// `designation` of the request: a language, or `urn:ietf:bcp:47|language`, or `system|code` or `code` of the use.
fn is_wanted(designation: &Designation, wanted: &[String]) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let usage = designation.usage();
    let is_use = |system: Option<&str>, code: &str| {
        let own = usage.as_ref().filter(|own| *own.code == *code);
        own.is_some_and(|own| system.is_none() || own.system.as_deref() == system)
    };
    wanted.iter().any(|token| match token.split_once('|') {
        Some(("urn:ietf:bcp:47", language)) => designation.is_in(language),
        Some((system, code)) => is_use(Some(system), code),
        None => designation.is_in(token) || is_use(None, token),
    })
}
