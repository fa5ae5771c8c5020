//! Reads the text of arguments back. What can be read back has not lost anything, so no two values share a text.

use super::node::{Name, Node, Variant, name};

/// The arguments of `f(..)`.
pub(crate) fn arguments(text: &str) -> Vec<Node> {
    let mut reader = Reader {
        rest: text.strip_prefix("f(").expect("the text begins with `f(`"),
    };
    let arguments = reader.list(")", Reader::value);
    assert_eq!(reader.rest, "", "nothing follows the arguments of {text}");
    arguments
}

enum Body {
    Unit,
    Newtype(Box<Node>),
    Tuple(Vec<Node>),
    Fields(Vec<(Name, Node)>),
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, token: &str) -> bool {
        self.rest
            .strip_prefix(token)
            .map(|rest| self.rest = rest)
            .is_some()
    }

    fn expect(&mut self, token: &str) {
        assert!(self.eat(token), "`{token}` expected at `{}`", self.rest);
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn char(&mut self) -> char {
        let mut chars = self.rest.chars();
        let c = chars.next().expect("a text does not end before its quote");
        self.rest = chars.as_str();
        c
    }

    /// What stands between commas up to `close`.
    fn list<T>(&mut self, close: &str, item: impl Fn(&mut Self) -> T) -> Vec<T> {
        let mut items = vec![];
        if self.eat(close) {
            return items;
        }
        loop {
            items.push(item(self));
            if self.eat(close) {
                return items;
            }
            self.expect(",");
        }
    }

    fn value(&mut self) -> Node {
        match self.rest.as_bytes().first() {
            Some(b'"') => Node::Str(self.quoted("\"")),
            Some(b'\'') => Node::Char(self.quoted("'").chars().next().expect("a character")),
            Some(b'b') if self.eat("b\"") => self.bytes(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'[') if self.eat("[") => Node::Seq(self.list("]", Self::value)),
            Some(b'{') if self.eat("{") => Node::Map(self.list("}", |r| {
                let key = r.value();
                r.expect(":");
                (key, r.value())
            })),
            Some(b'(') if self.eat("()") => Node::Unit,
            Some(b'(') => match self.body() {
                Body::Tuple(values) => Node::Tuple(values),
                _ => panic!("a tuple expected before `{}`", self.rest),
            },
            Some(b'`') => {
                let name = name(&self.quoted("`"));
                self.named(name)
            }
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Node {
        match self.identifier() {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            "None" => Node::None,
            "inff32" => Node::F32(f32::INFINITY.to_bits()),
            "inff64" => Node::F64(f64::INFINITY.to_bits()),
            "NaN" => {
                self.expect("(");
                let bits = u64::from_str_radix(self.take_while(|c| c != ')'), 16).unwrap();
                self.expect(")");
                if self.eat("f64") {
                    return Node::F64(bits);
                }
                self.expect("f32");
                Node::F32(bits.try_into().unwrap())
            }
            "Some" => {
                self.expect("(");
                let inner = if self.eat("#{") {
                    Node::SomeSet(self.list("}", Self::value))
                } else {
                    Node::Some(Box::new(self.value()))
                };
                self.expect(")");
                inner
            }
            other => self.named(name(other)),
        }
    }

    fn named(&mut self, name: Name) -> Node {
        if self.eat("::") {
            let variant = self.label();
            self.expect("#");
            let index = self.take_while(|c| c.is_ascii_digit()).parse().unwrap();
            let of: Variant = (name, index, variant);
            return match self.body() {
                Body::Unit => Node::UnitVariant(of),
                Body::Newtype(value) => Node::NewtypeVariant(of, value),
                Body::Tuple(values) => Node::TupleVariant(of, values),
                Body::Fields(fields) => Node::StructVariant(of, fields),
            };
        }
        match self.body() {
            Body::Unit => Node::UnitStruct(name),
            Body::Newtype(value) => Node::NewtypeStruct(name, value),
            Body::Tuple(values) => Node::TupleStruct(name, values),
            Body::Fields(fields) => Node::Struct(name, fields),
        }
    }

    fn body(&mut self) -> Body {
        if self.eat("{") {
            return Body::Fields(self.list("}", |r| {
                let label = r.label();
                r.expect(":");
                (label, r.value())
            }));
        }
        if !self.eat("(") {
            return Body::Unit;
        }
        if self.eat(",)") {
            return Body::Tuple(vec![]);
        }
        let first = self.value();
        if self.eat(")") {
            return Body::Newtype(Box::new(first));
        }
        let mut values = vec![first];
        self.expect(",");
        while !self.eat(")") {
            values.push(self.value());
            self.expect(",");
        }
        Body::Tuple(values)
    }

    fn identifier(&mut self) -> &'a str {
        let word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
        assert!(!word.is_empty(), "a word expected at `{}`", self.rest);
        word
    }

    fn label(&mut self) -> Name {
        if self.rest.starts_with('`') {
            name(&self.quoted("`"))
        } else {
            name(self.identifier())
        }
    }

    fn quoted(&mut self, quote: &str) -> String {
        self.expect(quote);
        let mut text = String::new();
        while !self.eat(quote) {
            let c = match self.char() {
                '\\' => match self.char() {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        self.expect("{");
                        let code = u32::from_str_radix(self.take_while(|c| c != '}'), 16).unwrap();
                        self.expect("}");
                        char::from_u32(code).unwrap()
                    }
                    other => other,
                },
                other => other,
            };
            text.push(c);
        }
        text
    }

    fn bytes(&mut self) -> Node {
        let digits = self.take_while(|c| c.is_ascii_hexdigit());
        self.expect("\"");
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        Node::Bytes((0..digits.len()).step_by(2).map(byte).collect())
    }

    fn number(&mut self) -> Node {
        if self.eat("-inff32") {
            return Node::F32(f32::NEG_INFINITY.to_bits());
        }
        if self.eat("-inff64") {
            return Node::F64(f64::NEG_INFINITY.to_bits());
        }
        let digits = self.take_while(|c| matches!(c, '0'..='9' | '-' | '.' | 'e'));
        match self.identifier() {
            "i8" => Node::I8(digits.parse().unwrap()),
            "i16" => Node::I16(digits.parse().unwrap()),
            "i32" => Node::I32(digits.parse().unwrap()),
            "i64" => Node::I64(digits.parse().unwrap()),
            "i128" => Node::I128(digits.parse().unwrap()),
            "u8" => Node::U8(digits.parse().unwrap()),
            "u16" => Node::U16(digits.parse().unwrap()),
            "u32" => Node::U32(digits.parse().unwrap()),
            "u64" => Node::U64(digits.parse().unwrap()),
            "u128" => Node::U128(digits.parse().unwrap()),
            "f32" => Node::F32(digits.parse::<f32>().unwrap().to_bits()),
            "f64" => Node::F64(digits.parse::<f64>().unwrap().to_bits()),
            suffix => panic!("no number ends with `{suffix}`"),
        }
    }
}
