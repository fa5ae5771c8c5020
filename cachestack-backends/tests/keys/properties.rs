//! Properties of the text of arguments and templates.

use cachestack_backends::KeyWriter;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::key;
use super::node::{self, Node};
use super::read;
use super::strategies::{nodes, text};

fn text_of(nodes: &[Node]) -> String {
    let mut writer = KeyWriter::function("f");
    nodes.iter().for_each(|node| writer.argument(node));
    writer.finish().unwrap().into_string()
}

fn normal(nodes: Vec<Node>) -> Vec<Node> {
    nodes.into_iter().map(Node::normal).collect()
}

/// Literals and values between them.
#[derive(Debug)]
struct Template {
    literals: Vec<String>,
    reserved: String,
}

impl Template {
    fn fill(&self, values: &[String]) -> String {
        let mut writer = KeyWriter::template();
        for (i, literal) in self.literals.iter().enumerate() {
            writer.literal(literal);
            if let Some(value) = values.get(i) {
                writer.placeholder(value, &self.reserved);
            }
        }
        writer.finish().unwrap().into_string()
    }
}

/// Literals with some punctuation between each two placeholders, and nothing needed at the ends.
fn templates(placeholders: usize) -> impl Strategy<Value = Template> {
    let ends = "[a:%/3A]{0,3}";
    (
        ends,
        vec("[3Ad%/-]{0,2}[:/→-][3Ad%/-]{0,2}", placeholders - 1),
        ends,
    )
        .prop_map(|(first, between, last)| {
            let reserved = between
                .concat()
                .replace(|c: char| c.is_alphanumeric() || c == '%', "");
            let literals = [first].into_iter().chain(between).chain([last]).collect();
            Template { literals, reserved }
        })
}

/// Values made of few characters, so that different splits of one text are met.
fn values(placeholders: usize) -> impl Strategy<Value = Vec<String>> {
    vec("[:/→3Ad%2\n-]{0,4}", placeholders)
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(*first);
        if *first == b'%' {
            let digits = std::str::from_utf8(&tail[..2]).unwrap();
            *bytes.last_mut().unwrap() = u8::from_str_radix(digits, 16).unwrap();
            rest = &tail[2..];
        }
    }
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arguments_can_be_read_back_from_the_text(arguments in vec(nodes(), 0..4)) {
        let text = text_of(&arguments);
        prop_assert_eq!(normal(read::arguments(&text)), normal(arguments), "{}", text);
    }

    #[test]
    fn arguments_share_a_text_exactly_when_they_are_equal(a in vec(nodes(), 0..3), b in vec(nodes(), 0..3)) {
        let same_text = text_of(&a) == text_of(&b);
        prop_assert_eq!(same_text, normal(a) == normal(b));
    }

    #[test]
    fn neighbours_share_a_text_exactly_when_they_are_equal(node in nodes(), place: usize, which: Index) {
        let mut other = node.clone();
        let spot = other.nth(place % 1000);
        let neighbours = spot.neighbours(&key(&*spot));
        *spot = which.get(&neighbours).clone();
        let (a, b) = (text_of(std::slice::from_ref(&node)), text_of(std::slice::from_ref(&other)));
        prop_assert_eq!(a == b, node.normal() == other.normal(), "{} {}", a, b);
    }

    #[test]
    fn one_argument_is_never_several(a in nodes(), b in nodes()) {
        let two = text_of(&[a.clone(), b.clone()]);
        let inside = two.strip_prefix("f(").unwrap().strip_suffix(')').unwrap();
        prop_assert_ne!(&two, &text_of(&[Node::Str(inside.into())]));
        prop_assert_ne!(&two, &text_of(&[Node::UnitStruct(node::name(inside))]));
        prop_assert_ne!(&two, &text_of(&[Node::Tuple(vec![a, b])]));
    }

    #[test]
    fn displayed_and_given_texts_are_written_alike(text in text()) {
        struct Displayed<'a>(&'a str);
        impl serde::Serialize for Displayed<'_> {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self.0)
            }
        }
        prop_assert_eq!(key(&Displayed(&text)), key(&text));
    }

    #[test]
    fn templates_tell_values_apart(
        (template, a, b) in (1..4usize).prop_flat_map(|n| (templates(n), values(n), values(n))),
    ) {
        prop_assert_eq!(template.fill(&a) == template.fill(&b), a == b, "{}", template.fill(&a));
    }

    #[test]
    fn templates_tell_apart_where_a_literal_in_a_value_ends(template in templates(2), parts in values(3)) {
        let literal = &template.literals[1];
        let [p, q, r] = &parts[..] else { unreachable!("three are asked for") };
        let left = [p.clone(), format!("{q}{literal}{r}")];
        let right = [format!("{p}{literal}{q}"), r.clone()];
        prop_assert_ne!(template.fill(&left), template.fill(&right));
    }

    #[test]
    fn templates_tell_escapes_from_values_that_resemble_them(template in templates(1), value in values(1)) {
        let mut writer = KeyWriter::template();
        writer.placeholder(&value[0], "");
        let escaped = [writer.finish().unwrap().into_string()];
        prop_assert_eq!(template.fill(&value) == template.fill(&escaped), value == escaped);
    }

    #[test]
    fn placeholders_can_be_decoded(value in text(), reserved in "[-/a0é→]{0,3}") {
        let mut writer = KeyWriter::template();
        writer.placeholder(&value, &reserved);
        let text = writer.finish().unwrap().into_string();
        prop_assert!(!text.contains(|c: char| c == ':' || c.is_control()));
        prop_assert!(!text.contains(|c: char| reserved.contains(c) && !c.is_ascii_hexdigit()));
        prop_assert_eq!(percent_decoded(&text), value);
    }
}
