//! Keys as literal text: a change of format orphans what is stored, so it must be meant.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cachestack_backends::KeyWriter;
use serde::{Serialize, Serializer};

use super::key;

#[derive(Serialize)]
struct Point {
    x: i32,
    y: i32,
}

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Meters(f64);

#[derive(Serialize)]
struct Pair(u8, &'static str);

#[derive(Serialize)]
struct NoFields {}

#[derive(Serialize)]
struct Partial {
    kept: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<u8>,
}

#[derive(Serialize)]
#[serde(rename = "my type")]
struct Renamed {
    #[serde(rename = "a-b")]
    field: bool,
    r#true: bool,
}

#[derive(Serialize)]
#[serde(rename = "NaN")]
struct Reserved(u8);

#[derive(Serialize)]
enum Shape {
    Empty,
    Circle(f32),
    Segment(i8, i8),
    Rect {
        w: u16,
        h: u16,
    },
    #[serde(rename = "no `name`")]
    Odd,
    None,
}

#[derive(Serialize)]
#[serde(tag = "kind")]
enum Tagged {
    Text { body: &'static str },
}

struct Raw(&'static [u8]);

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(self.0)
    }
}

#[test]
fn arguments_are_written_as_before() {
    let table = [
        (key(&42u64), "42u64"),
        (key(&-7i32), "-7i32"),
        (
            key(&i128::MIN),
            "-170141183460469231731687303715884105728i128",
        ),
        (
            key(&u128::MAX),
            "340282366920938463463374607431768211455u128",
        ),
        (key(&true), "true"),
        (key(&false), "false"),
        (key(&1.5f64), "1.5f64"),
        (key(&1f32), "1.0f32"),
        (key(&-0.0f64), "-0.0f64"),
        (key(&1e300f64), "1e300f64"),
        (key(&5e-324f64), "5e-324f64"),
        (key(&f64::INFINITY), "inff64"),
        (key(&f32::NEG_INFINITY), "-inff32"),
        (
            key(&f64::from_bits(0x7ff8_0000_0000_0000)),
            "NaN(7ff8000000000000)f64",
        ),
        (key(&f32::from_bits(0xffc0_0001)), "NaN(ffc00001)f32"),
        (key(&'a'), "'a'"),
        (key(&'\''), r"'\''"),
        (key(&'"'), r#"'"'"#),
        (key("it's \"ok\" \\ `"), r#""it's \"ok\" \\ `""#),
        (key("\n\r\t\0\u{7f}\u{85}"), r#""\n\r\t\u{0}\u{7f}\u{85}""#),
        (key("é¢→"), "\"é¢→\""),
        (key(&Raw(b"\x00\xff")), "b\"00ff\""),
        (key(&()), "()"),
        (key(&None::<u8>), "None"),
        (key(&Some(Some(()))), "Some(Some(()))"),
        (key(&vec![1u8, 2]), "[1u8,2u8]"),
        (key(&Vec::<u8>::new()), "[]"),
        (key(&BTreeSet::from([1u8])), "[1u8]"),
        (key(&HashSet::from([10u8, 9])), "#{10u8,9u8}"),
        (key(&HashSet::<u8>::new()), "#{}"),
        (key(&(1u8, "a")), "(1u8,\"a\",)"),
        (key(&[1u8]), "(1u8,)"),
        (key(&[0u8; 0]), "(,)"),
        (
            key(&BTreeMap::from([(10u8, 'a'), (9, 'b')])),
            "{10u8:'a',9u8:'b'}",
        ),
        (key(&BTreeMap::<u8, u8>::new()), "{}"),
        (key(&Unit), "Unit"),
        (key(&Meters(2.0)), "Meters(2.0f64)"),
        (key(&Pair(1, "b")), "Pair(1u8,\"b\",)"),
        (key(&Point { x: 1, y: -2 }), "Point{x:1i32,y:-2i32}"),
        (key(&NoFields {}), "NoFields{}"),
        (
            key(&Partial {
                kept: 1,
                dropped: None,
            }),
            "Partial{kept:1u8}",
        ),
        (
            key(&Partial {
                kept: 1,
                dropped: Some(2),
            }),
            "Partial{kept:1u8,dropped:Some(2u8)}",
        ),
        (
            key(&Renamed {
                field: true,
                r#true: false,
            }),
            "`my type`{`a-b`:true,true:false}",
        ),
        (key(&Reserved(1)), "`NaN`(1u8)"),
        (key(&Shape::Empty), "Shape::Empty#0"),
        (key(&Shape::Circle(0.5)), "Shape::Circle#1(0.5f32)"),
        (key(&Shape::Segment(1, 2)), "Shape::Segment#2(1i8,2i8,)"),
        (
            key(&Shape::Rect { w: 3, h: 4 }),
            "Shape::Rect#3{w:3u16,h:4u16}",
        ),
        (key(&Shape::Odd), r"Shape::`no \`name\``#4"),
        (key(&Shape::None), "Shape::None#5"),
        (
            key(&Tagged::Text { body: "b" }),
            "Tagged{kind:\"Text\",body:\"b\"}",
        ),
        (key(&Ok::<u8, ()>(1)), "Result::Ok#0(1u8)"),
    ];
    for (written, pinned) in table {
        assert_eq!(written, pinned);
    }
}

#[test]
fn functions_are_written_as_before() {
    let mut writer = KeyWriter::function("shop::users::get_user");
    assert_eq!(&*KeyWriter::function("f").finish().unwrap(), "f()");
    writer.argument(&42u64);
    writer.argument("en");
    writer.argument(&None::<Point>);
    assert_eq!(
        &*writer.finish().unwrap(),
        "shop::users::get_user(42u64,\"en\",None)"
    );
}

#[test]
fn templates_are_written_as_before() {
    let mut writer = KeyWriter::template();
    writer.literal("user:");
    writer.placeholder(&42, "/-é");
    writer.literal("/");
    writer.placeholder("a:b/c-d%\né€ x", "/-é");
    writer.literal("-");
    writer.raw("a:b/c-d%");
    assert_eq!(
        &*writer.finish().unwrap(),
        "user:42/a%3Ab%2Fc%2Dd%25%0A%C3%A9€ x-a:b/c-d%"
    );
    assert_eq!(&*KeyWriter::template().finish().unwrap(), "");
}
