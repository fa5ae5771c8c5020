//! Words in messages.

use std::fmt::Display;

/// `a`, `b`
pub(crate) fn quoted(names: impl Iterator<Item = impl Display>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The known word that was probably meant.
pub(crate) fn nearest<T: AsRef<str>>(given: &str, known: impl Iterator<Item = T>) -> Option<T> {
    let limit = if given.chars().count() < 5 { 1 } else { 2 };
    known
        .map(|known| (distance(given, known.as_ref()), known))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// How many letters must be added, dropped, changed or swapped with the next to get from one word to the
/// other.
fn distance(from: &str, to: &str) -> usize {
    let [from, to]: [Vec<char>; 2] = [from, to].map(|word| word.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let changed = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn a_swap_is_one_step() {
        assert_eq!(distance("kye", "key"), 1);
        assert_eq!(distance("condtion", "condition"), 1);
        assert_eq!(distance("", "ttl"), 3);
        assert_eq!(distance("ttl", "ttl"), 0);
    }

    #[test]
    fn a_short_word_may_differ_by_one_letter() {
        let known = ["ttl", "key", "condition"];
        assert_eq!(nearest("tll", known.iter().copied()), Some("ttl"));
        assert_eq!(nearest("get", known.iter().copied()), None);
        assert_eq!(
            nearest("conditon", known.iter().copied()),
            Some("condition")
        );
    }
}
