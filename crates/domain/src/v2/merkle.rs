//! A tree of hashes with the shape of RFC 6962: one hash stands for a list, and a short path shows
//! that something is in it.

use super::Name;
use crate::hash::Hash;

/// The hash of one entry. Each tree has a name, so that an entry of one never serves in another.
#[must_use]
pub fn leaf(name: Name, entry: &[&[u8]]) -> Hash {
    let mut parts: Vec<&[u8]> = vec![&[0]];
    parts.extend(entry);
    name.hash(&parts)
}

fn node(name: Name, left: &Hash, right: &Hash) -> Hash {
    name.hash(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// A tree over a list of entries.
#[derive(Debug, Clone)]
pub struct Tree {
    /// From the leaves up. The last level is the root alone; it is empty if there are no leaves.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree over these leaves, in their order.
    #[must_use]
    pub fn over(name: Name, leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let above = below
                .chunks(2)
                .filter_map(|pair| match pair {
                    [left, right] => Some(node(name, left, right)),
                    // The last of an odd number goes up as it is.
                    [alone] => Some(*alone),
                    _ => None,
                })
                .collect();
            levels.push(above);
        }
        Self { levels }
    }

    /// The root; `None` if there are no leaves.
    #[must_use]
    pub fn root(&self) -> Option<Hash> {
        self.levels.last()?.first().copied()
    }

    /// The path from a leaf to the root; `None` if there is no such leaf.
    #[must_use]
    pub fn path(&self, place: usize) -> Option<Vec<Hash>> {
        self.levels.first()?.get(place)?;
        let levels = self.levels.iter().enumerate();
        Some(levels.filter_map(|(height, level)| level.get((place >> height) ^ 1).copied()).collect())
    }
}

/// The root of the tree of so many leaves in which this leaf has this place and this path. `None`
/// if the path does not fit such a tree.
#[must_use]
pub fn root_of(name: Name, leaf: Hash, place: u32, leaves: u32, path: &[Hash]) -> Option<Hash> {
    if place >= leaves {
        return None;
    }
    let (mut place, mut width, mut at, mut path) = (place, leaves, leaf, path.iter());
    while width > 1 {
        if place % 2 == 1 {
            at = node(name, path.next()?, &at);
        } else if place + 1 < width {
            at = node(name, &at, path.next()?);
        }
        (place, width) = (place / 2, width.div_ceil(2));
    }
    path.next().is_none().then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u32) -> Vec<Hash> {
        (0..count).map(|number| leaf(Name::Receipt, &[&number.to_be_bytes()])).collect()
    }

    #[test]
    fn each_leaf_of_a_tree_of_any_size_leads_to_its_root_and_to_no_other() {
        for count in 1..=40_u32 {
            let tree = Tree::over(Name::Receipt, leaves(count));
            for (place, leaf) in (0..count).zip(leaves(count)) {
                let path = tree.path(place as usize).unwrap();
                let root = |place, count, path: &[Hash]| root_of(Name::Receipt, leaf, place, count, path);
                assert_eq!(root(place, count, &path), tree.root());
                assert_ne!(root(place + 1, count, &path), tree.root(), "{place} of {count} at another place");
                assert_eq!(root(place, place, &path), None, "a place that the tree has not");
                let longer = [path.clone(), vec![leaf]].concat();
                assert_eq!(root(place, count, &longer), None);
                assert_ne!(root_of(Name::Head, leaf, place, count, &path), tree.root().filter(|_| count > 1));
            }
            assert_eq!(tree.path(count as usize), None);
        }
        assert_eq!(Tree::over(Name::Receipt, vec![]).root(), None);
    }

    #[test]
    fn the_shape_is_that_of_rfc_6962() {
        let [a, b, c, d, e] = leaves(5).try_into().unwrap();
        let pair = |left, right| node(Name::Receipt, &left, &right);
        let root = Tree::over(Name::Receipt, leaves(5)).root();
        assert_eq!(root, Some(pair(pair(pair(a, b), pair(c, d)), e)));
    }
}
