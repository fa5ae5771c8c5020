//! A serializer of the user's own.

use cachestack_backends::{Codec, Serializer};

use crate::{read, sealed};

/// JSON with its letters turned by 13, and a name that has to be escaped.
struct Rot13;

impl Rot13 {
    fn turn(bytes: &[u8]) -> Vec<u8> {
        let turned = |byte: &u8| match byte {
            b'a'..=b'z' => (byte - b'a' + 13) % 26 + b'a',
            other => *other,
        };
        bytes.iter().map(turned).collect()
    }
}

impl Serializer for Rot13 {
    fn name(&self) -> &str {
        "rot 13"
    }

    fn is_self_describing(&self) -> bool {
        true
    }

    fn serialize(
        &self,
        value: &dyn erased_serde::Serialize,
        out: &mut Vec<u8>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        out.extend(Self::turn(&serde_json::to_vec(value)?));
        Ok(())
    }

    fn deserialize(
        &self,
        bytes: &[u8],
        read: &mut dyn FnMut(
            &mut dyn erased_serde::Deserializer<'_>,
        ) -> Result<(), erased_serde::Error>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let bytes = Self::turn(bytes);
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        read(&mut <dyn erased_serde::Deserializer<'_>>::erase(&mut json))?;
        Ok(json.end()?)
    }
}

#[test]
fn a_serializer_of_ones_own_carries_any_type() {
    let codec = Codec::custom(Rot13);
    let bytes = sealed(&codec, vec![String::from("hello")]);
    assert!(bytes.ends_with(br#"["uryyb"]"#));
    assert_eq!(read(&codec, &bytes), Some(vec![String::from("hello")]));
    assert_eq!(read::<Vec<String>>(&Codec::Json, &bytes), None);
    let mut more = Rot13::turn(b"[1]");
    more.push(b'x');
    assert!(codec.decode::<Vec<u8>>(&more).is_err());
}
