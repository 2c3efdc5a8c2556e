//! How names are compared: usernames, email addresses, group names. PingOne ignores case, and so do we. The same
//! letter may be stored in two ways (`é` as one character or as two), so names are compared in NFC.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// Normalizes text to Unicode's form C.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Whether two names are the same, ignoring case and normalization.
pub fn same(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    nfc(a).to_lowercase() == nfc(b).to_lowercase()
}

/// How well a name matches the one searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MatchQuality {
    /// The same name, ignoring case.
    Exact,
    /// Characters that only resemble those of the name: the Kelvin sign becomes a `k` in lower case, but is not one.
    /// Such characters do not occur in NFC.
    Lookalike,
}

/// How well `name` matches `wanted`; `None` for a different name.
pub(super) fn match_quality(wanted: &str, name: &str) -> Option<MatchQuality> {
    if !same(wanted, name) {
        return None;
    }
    let is_nfc = |text: &str| nfc(text) == text;
    let is_exact = wanted.eq_ignore_ascii_case(name)
        || (wanted.to_lowercase() == name.to_lowercase() && is_nfc(wanted) == is_nfc(name));
    Some(if is_exact {
        MatchQuality::Exact
    } else {
        MatchQuality::Lookalike
    })
}

/// The items that match best: an exact match rules out a look-alike. Names that differ only in case stay together for
/// a person to choose from, since case does not tell which one is meant.
pub(super) fn best_matches<T>(found: Vec<(MatchQuality, T)>) -> Vec<T> {
    let Some(best) = found.iter().map(|(match_quality, _)| *match_quality).min() else {
        return Vec::new();
    };
    let best_matches = found
        .into_iter()
        .filter(|(match_quality, _)| *match_quality == best);
    best_matches.map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_normalization_make_no_difference() {
        for (a, b) in [
            ("emma.sharp", "Emma.SHARP"),
            ("ren\u{e9}", "Rene\u{301}"),
            ("\u{212b}ngstr\u{f6}m", "a\u{30a}ngstro\u{308}m"),
            ("\u{212a}im", "kim"),
            (
                "\u{d55c}\u{ae00}",
                "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}",
            ),
            ("", ""),
        ] {
            assert!(same(a, b) && same(b, a), "{a:?} {b:?}");
        }
        for (a, b) in [
            ("emma", "emma."),
            ("rene", "ren\u{e9}"),
            ("\u{fb01}n", "fin"),
            ("em\u{43c}a", "emma"),
        ] {
            assert!(!same(a, b) && !same(b, a), "{a:?} {b:?}");
        }
    }

    #[test]
    fn the_closest_match_wins() {
        let pick = |wanted: &str, names: &[&'static str]| {
            let alike = names
                .iter()
                .filter_map(|name| Some((match_quality(wanted, name)?, *name)));
            best_matches(alike.collect())
        };
        let kelvin = "\u{212a}im";
        assert_eq!(pick("kim", &[kelvin, "kim", "jim"]), ["kim"]);
        assert_eq!(pick("kim", &[kelvin, "Kim", "kim"]), ["Kim", "kim"]);
        assert_eq!(pick("KIM", &["kim", kelvin]), ["kim"]);
        assert_eq!(pick("kim", &[kelvin]), [kelvin]);
        assert_eq!(pick(kelvin, &[kelvin, "kim"]), [kelvin]);
        assert_eq!(pick("zo\u{eb}", &["ZO\u{cb}", "zoe\u{308}"]), ["ZO\u{cb}"]);
        assert!(pick("kim", &["jim"]).is_empty());
    }
}
