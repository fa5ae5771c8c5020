//! Hands out the elements of containers and the contents of variants.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use serde::de::value::{BorrowedStrDeserializer, U32Deserializer};
use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::super::shape::{Body, Head, Names, NodeId, Why};
use super::Refusal;
use super::plan::Pick;
use super::slot::Place;
use super::tracer::Tracer;

/// The same place so many times: a sequence or a long tuple.
pub(super) struct Repeat<'t> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) place: Option<NodeId>,
    pub(super) left: &'t mut usize,
}

impl<'de> SeqAccess<'de> for Repeat<'_> {
    type Error = Refusal;

    fn next_element_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, Refusal>
    where
        S: DeserializeSeed<'de>,
    {
        let (Some(place), Some(left)) = (self.place, self.left.checked_sub(1)) else {
            return Ok(None);
        };
        // Counted before it is read, so that a reader who goes on after an error comes to an end.
        *self.left = left;
        self.tracer.child(place, seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(*self.left)
    }
}

/// A place for each element: the fields of a struct, the elements of a tuple.
pub(super) struct Row<'t> {
    tracer: &'t mut Tracer,
    place: Place,
    asked: &'t mut usize,
}

impl Tracer {
    fn children(&mut self, place: Place) -> Option<&mut Vec<NodeId>> {
        let slot = &mut self.slots[place.id];
        match place.arm {
            None => Some(&mut slot.children),
            Some(arm) => slot.arms.get_mut(arm).map(|arm| &mut arm.children),
        }
    }

    /// Lets `visitor` read a row.
    pub(super) fn row<'de, V>(&mut self, place: Place, visitor: V) -> Result<V::Value, Refusal>
    where
        V: Visitor<'de>,
    {
        let mut asked = 0;
        let outcome = visitor.visit_seq(Row {
            tracer: self,
            place,
            asked: &mut asked,
        });
        match (&outcome, self.slots[place.id].head) {
            // Who is content with less has read all there is: fields listed beyond that are aliases.
            (Ok(_), _) => {
                if let Some(children) = self.children(place).filter(|all| asked < all.len()) {
                    children.truncate(asked);
                    self.learn();
                }
            }
            (Err(_), Head::Struct(_, [_, ..])) if asked == 0 => {
                return self.opaque(place.id, Why::AsMap);
            }
            (Err(_), _) => {}
        }
        outcome
    }
}

impl<'de> SeqAccess<'de> for Row<'_> {
    type Error = Refusal;

    fn next_element_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, Refusal>
    where
        S: DeserializeSeed<'de>,
    {
        let children = self.tracer.children(self.place);
        let Some(child) = children.and_then(|all| all.get(*self.asked).copied()) else {
            return Ok(None);
        };
        *self.asked += 1;
        self.tracer.child(child, seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        let slot = &self.tracer.slots[self.place.id];
        let all = match self.place.arm {
            None => slot.children.len(),
            Some(arm) => slot.arms.get(arm)?.children.len(),
        };
        all.checked_sub(*self.asked)
    }
}

/// So many entries, all alike.
pub(super) struct Entries<'t> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) map: NodeId,
    pub(super) left: usize,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Refusal;

    fn next_key_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, Refusal>
    where
        S: DeserializeSeed<'de>,
    {
        let key = self.tracer.slots[self.map].children.first().copied();
        let (Some(key), Some(left)) = (key, self.left.checked_sub(1)) else {
            return Ok(None);
        };
        self.left = left;
        self.tracer.child(key, seed).map(Some)
    }

    fn next_value_seed<S>(&mut self, seed: S) -> Result<S::Value, Refusal>
    where
        S: DeserializeSeed<'de>,
    {
        match self.tracer.slots[self.map].children.get(1).copied() {
            Some(value) => self.tracer.child(value, seed),
            None => self.tracer.give_up(),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// One variant of an enum.
pub(super) struct Choice<'t> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) id: NodeId,
    pub(super) names: Names,
    pub(super) pick: Pick,
}

impl<'de, 't> EnumAccess<'de> for Choice<'t> {
    type Error = Refusal;
    type Variant = Content<'t>;

    fn variant_seed<S>(self, seed: S) -> Result<(S::Value, Self::Variant), Refusal>
    where
        S: DeserializeSeed<'de>,
    {
        let Self {
            tracer, id, names, ..
        } = self;
        match self.pick {
            Pick::Index(index) => {
                let wire = u32::try_from(index).map_err(|_| Refusal)?;
                let found = seed.deserialize(U32Deserializer::new(wire));
                tracer.found(id, index, found.as_ref().ok().map(tag))?;
                Ok((found?, Content { tracer, id, index }))
            }
            Pick::Name(position) => {
                let name = names.get(position).copied().unwrap_or_default();
                let found = seed.deserialize(BorrowedStrDeserializer::<Refusal>::new(name));
                let tag = found.ok().as_ref().map(tag);
                tracer.slots[id].name_tags.push(tag);
                tracer.learn();
                tracer.give_up()
            }
        }
    }
}

/// Tells apart what identifiers became: serde's derive makes them an enum.
fn tag<T>(identifier: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    discriminant(identifier).hash(&mut hasher);
    hasher.finish()
}

impl Tracer {
    /// Books what became of an index.
    fn found(&mut self, id: NodeId, index: usize, tag: Option<u64>) -> Result<(), Refusal> {
        let Some(arm) = self.slots[id].arms.get_mut(index) else {
            return self.give_up();
        };
        if tag.is_some() {
            arm.tag = tag;
            return Ok(());
        }
        if arm.body == Body::Unknown {
            arm.body = Body::Absent;
            self.learn();
        }
        let arms = &self.slots[id].arms;
        if arms.iter().all(|arm| arm.body == Body::Absent) {
            return self.opaque(id, Why::ByName);
        }
        self.give_up()
    }

    /// Books that a variant is refused before any of it is read, if that is so.
    pub(super) fn refused_variant(&mut self, id: NodeId, index: usize) {
        let arm = self.slots[id].arms.get_mut(index);
        if let Some(arm) = arm.filter(|arm| arm.body == Body::Unknown && arm.tag.is_some()) {
            arm.body = Body::Refused;
            self.learn();
        }
    }

    /// Books how a variant's content is read.
    fn body(&mut self, id: NodeId, index: usize, body: Body, len: usize) -> Result<Place, Refusal> {
        let place = Place {
            id,
            arm: Some(index),
        };
        let Some(arm) = self.slots[id].arms.get(index) else {
            return self.give_up();
        };
        if arm.body == Body::Unknown {
            let children = self.places(len)?;
            let arm = &mut self.slots[id].arms[index];
            arm.body = body;
            arm.children = children;
            self.learn();
        } else if arm.body != body {
            return self.opaque(id, Why::Varies);
        }
        Ok(place)
    }
}

/// The content of a variant.
pub(super) struct Content<'t> {
    tracer: &'t mut Tracer,
    id: NodeId,
    index: usize,
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        let Self { tracer, id, index } = self;
        tracer.body(id, index, Body::Unit, 0).map(drop)
    }

    fn newtype_variant_seed<S>(self, seed: S) -> Result<S::Value, Refusal>
    where
        S: DeserializeSeed<'de>,
    {
        let Self { tracer, id, index } = self;
        let place = tracer.body(id, index, Body::Newtype, 1)?;
        match tracer.children(place).and_then(|all| all.first().copied()) {
            Some(child) => tracer.child(child, seed),
            None => tracer.give_up(),
        }
    }

    fn tuple_variant<V>(self, len: usize, visitor: V) -> Result<V::Value, Refusal>
    where
        V: Visitor<'de>,
    {
        let Self { tracer, id, index } = self;
        let place = tracer.body(id, index, Body::Tuple, len)?;
        tracer.row(place, visitor)
    }

    fn struct_variant<V>(self, fields: Names, visitor: V) -> Result<V::Value, Refusal>
    where
        V: Visitor<'de>,
    {
        let Self { tracer, id, index } = self;
        let place = tracer.body(id, index, Body::Struct(fields), fields.len())?;
        tracer.row(place, visitor)
    }
}
