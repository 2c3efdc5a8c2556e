//! Parses PingOne's dialect of the SCIM filter language and evaluates it against JSON.
//!
//! The filterable attributes are given as a [`Schema`]. Language:
//! `docs.pingidentity.com/pingone/directory/p1_scim_filter_language.html`. Strings are JSON strings
//! as in RFC 7644, section 3.4.2.2 (Ping publishes no quoting rules: UNCONFIRMED).

use jiff::Timestamp;
use serde_json::Value;

use crate::protocol::tokens::{Token, tokens};

/// A comparison operator that PingOne supports for some attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Sw,
    Ew,
    Co,
    Gt,
    Ge,
    Lt,
    Le,
    /// `in ["a", "b"]`: equal to one of them.
    In,
}

impl Operator {
    /// The operator as written in a filter.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Co => "co",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::In => "in",
        }
    }

    /// Operators are case-insensitive in RFC 7644; Ping's documentation has both `AND` and `and`.
    fn from_name(name: &str) -> Option<Self> {
        [
            Self::Eq,
            Self::Sw,
            Self::Ew,
            Self::Co,
            Self::Gt,
            Self::Ge,
            Self::Lt,
            Self::Le,
            Self::In,
        ]
        .into_iter()
        .find(|operator| operator.name().eq_ignore_ascii_case(name))
    }
}

/// How the values of an attribute are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Case-sensitive text.
    Exact,
    /// Case-insensitive text.
    CaseInsensitive,
    /// `true` or `false`.
    Bool,
    /// An RFC 3339 timestamp.
    Time,
}

/// A filterable attribute and its operators.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// The path as written in a filter; case-sensitive.
    pub(crate) name: &'static str,
    /// How values are compared.
    pub(crate) kind: Kind,
    /// The supported operators.
    pub(crate) operators: &'static [Operator],
}

/// The filterable attributes of a collection.
#[derive(Debug)]
pub(crate) struct Schema<'a> {
    /// Plain attributes.
    pub(crate) attributes: &'a [Attribute],
    /// Attributes that take the bracket form, with the attributes allowed inside.
    pub(crate) brackets: &'a [(&'static str, &'a [Attribute])],
    /// Custom string attributes: `eq` and `sw`, case-sensitive.
    pub(crate) custom: &'a [String],
}

/// Why a filter was rejected; becomes an `INVALID_FILTER` detail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FilterError {
    /// A message for people.
    pub(crate) message: String,
    /// The supported operators, if the operator or the attribute is at fault.
    pub(crate) operators: Vec<&'static str>,
    /// The supported attributes, if the operator or the attribute is at fault.
    pub(crate) attributes: Vec<String>,
}

impl FilterError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            operators: Vec::new(),
            attributes: Vec::new(),
        }
    }
}

/// A parsed filter that conforms to its schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    /// All parts match.
    And(Vec<Filter>),
    /// Any part matches.
    Or(Vec<Filter>),
    /// A single comparison.
    Compare(Comparison),
    /// `path[filter]`: some single item of the list matches the whole inner filter.
    Within(String, Box<Filter>),
}

/// One `attribute operator value`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    /// The attribute's dotted path.
    pub(crate) path: String,
    /// The operator.
    pub(crate) operator: Operator,
    /// The value to compare with.
    pub(crate) operand: Operand,
}

/// The right-hand side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    /// Case-sensitive text.
    Exact(String),
    /// Case-insensitive text, in lowercase.
    CaseInsensitive(String),
    /// A boolean.
    Bool(bool),
    /// A timestamp.
    Time(Timestamp),
    /// Any of these texts, case-sensitive.
    OneOf(Vec<String>),
}

impl Filter {
    /// Parses `text` according to `schema`.
    pub(crate) fn parse(text: &str, schema: &Schema<'_>) -> Result<Self, FilterError> {
        let mut parser = Parser {
            tokens: tokens(text).map_err(FilterError::new)?,
            next: 0,
            depth: 0,
        };
        let filter = parser.or_expression(schema)?;
        match parser.peek() {
            None => Ok(filter),
            Some(token) => Err(FilterError::new(format!(
                "unexpected {} after the end of the filter",
                token.name()
            ))),
        }
    }

    /// Whether `document`, an object as the API renders it, matches.
    pub(crate) fn matches(&self, document: &Value) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(document)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(document)),
            Self::Within(path, inner) => values(document, path)
                .into_iter()
                .any(|item| inner.matches(item)),
            Self::Compare(comparison) => values(document, &comparison.path)
                .into_iter()
                .any(|value| comparison.holds(value)),
        }
    }

    /// Whether the filter has a bracket form, so that callers can skip building the list otherwise.
    pub(crate) fn has_brackets(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::has_brackets),
            Self::Within(..) => true,
            Self::Compare(_) => false,
        }
    }

    /// All comparisons, for collections that require one, such as a date bound.
    pub(crate) fn comparisons(&self) -> Vec<&Comparison> {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().flat_map(Filter::comparisons).collect()
            }
            Self::Within(_, inner) => inner.comparisons(),
            Self::Compare(comparison) => vec![comparison],
        }
    }
}

impl Comparison {
    fn holds(&self, value: &Value) -> bool {
        match (&self.operand, value) {
            (Operand::Exact(wanted), Value::String(found)) => self.text(found, wanted),
            (Operand::CaseInsensitive(wanted), Value::String(found)) => {
                self.text(&found.to_lowercase(), wanted)
            }
            (Operand::OneOf(wanted), Value::String(found)) => wanted.contains(found),
            (Operand::Bool(wanted), Value::Bool(found)) => wanted == found,
            (Operand::Time(wanted), Value::String(found)) => {
                found
                    .parse::<Timestamp>()
                    .is_ok_and(|found| match self.operator {
                        Operator::Gt => found > *wanted,
                        Operator::Ge => found >= *wanted,
                        Operator::Lt => found < *wanted,
                        Operator::Le => found <= *wanted,
                        _ => found == *wanted,
                    })
            }
            _ => false,
        }
    }

    fn text(&self, found: &str, wanted: &str) -> bool {
        match self.operator {
            Operator::Sw => found.starts_with(wanted),
            Operator::Ew => found.ends_with(wanted),
            Operator::Co => found.contains(wanted),
            _ => found == wanted,
        }
    }
}

/// The values at a dotted path; a list along the way stands for each of its items.
fn values<'a>(document: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![document];
    for name in path.split('.') {
        found = found
            .into_iter()
            .filter_map(|value| value.get(name))
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect(),
                other => vec![other],
            })
            .collect();
    }
    found
}

/// The maximum nesting depth: protects the stack, and is far beyond any real filter.
const MAX_DEPTH: usize = 32;

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), FilterError> {
        match self.take() {
            Some(token) if token == *wanted => Ok(()),
            Some(token) => Err(FilterError::new(format!(
                "expected {}, found {}",
                wanted.name(),
                token.name()
            ))),
            None => Err(FilterError::new(format!("expected {}", wanted.name()))),
        }
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found =
            matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        if found {
            self.next += 1;
        }
        found
    }

    /// `a or b or c`, which binds loosest.
    fn or_expression(&mut self, schema: &Schema<'_>) -> Result<Filter, FilterError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(FilterError::new("the filter is nested too deeply"));
        }
        let mut parts = vec![self.and_expression(schema)?];
        while self.take_keyword("or") {
            parts.push(self.and_expression(schema)?);
        }
        self.depth -= 1;
        Ok(unwrap_single(parts, Filter::Or))
    }

    fn and_expression(&mut self, schema: &Schema<'_>) -> Result<Filter, FilterError> {
        let mut parts = vec![self.primary(schema)?];
        while self.take_keyword("and") {
            parts.push(self.primary(schema)?);
        }
        Ok(unwrap_single(parts, Filter::And))
    }

    fn primary(&mut self, schema: &Schema<'_>) -> Result<Filter, FilterError> {
        match self.take() {
            Some(Token::Open) => {
                let inner = self.or_expression(schema)?;
                self.expect(&Token::Close)?;
                Ok(inner)
            }
            Some(Token::Word(path)) if self.peek() == Some(&Token::OpenBracket) => {
                let Some((_, attributes)) = schema.brackets.iter().find(|(name, _)| *name == path)
                else {
                    return Err(unknown_attribute(&path, schema));
                };
                self.next += 1;
                let inside = Schema {
                    attributes,
                    brackets: &[],
                    custom: &[],
                };
                let inner = self.or_expression(&inside)?;
                self.expect(&Token::CloseBracket)?;
                Ok(Filter::Within(path, Box::new(inner)))
            }
            Some(Token::Word(path)) => self.comparison(path, schema),
            Some(token) => Err(FilterError::new(format!(
                "expected an attribute, found {}",
                token.name()
            ))),
            None => Err(FilterError::new("unexpected end of the filter")),
        }
    }

    fn comparison(&mut self, path: String, schema: &Schema<'_>) -> Result<Filter, FilterError> {
        const CUSTOM: &[Operator] = &[Operator::Eq, Operator::Sw];
        let (kind, operators) = match schema.attributes.iter().find(|one| one.name == path) {
            Some(attribute) => (attribute.kind, attribute.operators),
            None if schema.custom.contains(&path) => (Kind::Exact, CUSTOM),
            None => return Err(unknown_attribute(&path, schema)),
        };
        let operator = match self.take() {
            Some(Token::Word(word)) => Operator::from_name(&word)
                .filter(|operator| operators.contains(operator))
                .ok_or_else(|| FilterError {
                    message: format!("the operator '{word}' is not supported for '{path}'"),
                    operators: operators.iter().map(|one| one.name()).collect(),
                    attributes: attribute_names(schema),
                })?,
            Some(token) => {
                return Err(FilterError::new(format!(
                    "expected an operator after '{path}', found {}",
                    token.name()
                )));
            }
            None => return Err(FilterError::new("unexpected end of the filter")),
        };
        let operand = match (kind, self.take()) {
            (_, Some(Token::OpenBracket)) if operator == Operator::In => {
                Operand::OneOf(self.list()?)
            }
            (_, None) => return Err(FilterError::new("unexpected end of the filter")),
            (Kind::Exact, Some(Token::Text(text))) if operator != Operator::In => {
                Operand::Exact(text)
            }
            (Kind::CaseInsensitive, Some(Token::Text(text))) => {
                Operand::CaseInsensitive(text.to_lowercase())
            }
            (Kind::Bool, Some(Token::Word(text) | Token::Text(text)))
                if text == "true" || text == "false" =>
            {
                Operand::Bool(text == "true")
            }
            (Kind::Time, Some(Token::Word(text) | Token::Text(text))) => {
                Operand::Time(text.parse().map_err(|_| {
                    FilterError::new(format!("the value of '{path}' is not a date and time"))
                })?)
            }
            (_, Some(token)) => {
                return Err(FilterError::new(format!(
                    "{} is not a valid value for '{path}'",
                    token.name()
                )));
            }
        };
        Ok(Filter::Compare(Comparison {
            path,
            operator,
            operand,
        }))
    }
}

impl Parser {
    /// The rest of a list of strings, after its opening bracket.
    fn list(&mut self) -> Result<Vec<String>, FilterError> {
        let mut items = Vec::new();
        loop {
            match self.take() {
                Some(Token::Text(text)) => items.push(text),
                _ => return Err(FilterError::new("expected a string in the list")),
            }
            if self.peek() != Some(&Token::Comma) {
                self.expect(&Token::CloseBracket)?;
                return Ok(items);
            }
            self.next += 1;
        }
    }
}

fn unwrap_single(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    if parts.len() == 1 {
        parts.remove(0)
    } else {
        join(parts)
    }
}

fn unknown_attribute(path: &str, schema: &Schema<'_>) -> FilterError {
    let mut operators: Vec<&'static str> = Vec::new();
    for operator in schema.attributes.iter().flat_map(|one| one.operators) {
        if !operators.contains(&operator.name()) {
            operators.push(operator.name());
        }
    }
    FilterError {
        // The wording is seen for activities only.
        message: format!("Invalid Filter: Attribute '{path}' is not supported in filter."),
        operators,
        attributes: attribute_names(schema),
    }
}

fn attribute_names(schema: &Schema<'_>) -> Vec<String> {
    schema
        .attributes
        .iter()
        .map(|one| one.name.to_owned())
        .chain(schema.brackets.iter().map(|(name, _)| (*name).to_owned()))
        .chain(schema.custom.iter().cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &[Operator] = &[Operator::Eq, Operator::Sw];
    const ATTRIBUTES: &[Attribute] = &[
        Attribute {
            name: "username",
            kind: Kind::CaseInsensitive,
            operators: &[Operator::Eq, Operator::Sw, Operator::Ew, Operator::Co],
        },
        Attribute {
            name: "name.given",
            kind: Kind::CaseInsensitive,
            operators: TEXT,
        },
        Attribute {
            name: "externalId",
            kind: Kind::Exact,
            operators: &[Operator::Eq, Operator::Sw, Operator::In],
        },
        Attribute {
            name: "enabled",
            kind: Kind::Bool,
            operators: &[Operator::Eq],
        },
        Attribute {
            name: "recordedAt",
            kind: Kind::Time,
            operators: &[Operator::Gt, Operator::Lt],
        },
    ];
    const GROUP: &[Attribute] = &[
        Attribute {
            name: "id",
            kind: Kind::Exact,
            operators: &[Operator::Eq],
        },
        Attribute {
            name: "type",
            kind: Kind::Exact,
            operators: &[Operator::Eq],
        },
    ];

    fn parse(text: &str) -> Result<Filter, FilterError> {
        let custom = vec!["shoeSize".to_owned()];
        Filter::parse(
            text,
            &Schema {
                attributes: ATTRIBUTES,
                brackets: &[("memberOfGroups", GROUP)],
                custom: &custom,
            },
        )
    }

    fn matches(text: &str) -> bool {
        parse(text).expect("the filter is valid").matches(&json!({
            "username": "Emma.Sharp",
            "name": { "given": "Emma \"Em\"" },
            "externalId": "A\\1",
            "enabled": true,
            "recordedAt": "2026-03-04T10:00:00.000Z",
            "shoeSize": "41",
            "memberOfGroups": [
                { "id": "one", "type": "DIRECT" },
                { "id": "two", "type": "INDIRECT" },
            ],
        }))
    }

    #[test]
    fn operators_compare_text() {
        assert!(matches(r#"username eq "emma.sharp""#));
        assert!(matches(r#"username sw "EMMA""#));
        assert!(matches(r#"username ew "sharp""#));
        assert!(matches(r#"username co "A.S""#));
        assert!(!matches(r#"username eq "emma""#));
        assert!(matches(r#"shoeSize EQ "41""#));
    }

    #[test]
    fn strings_are_json_strings() {
        assert!(matches(r#"name.given eq "emma \"em\"""#));
        assert!(matches(r#"externalId eq "A\\1""#));
        assert!(matches(r#"externalId eq "\u0041\\1""#));
        assert!(
            !matches(r#"externalId eq "a\\1""#),
            "exact attributes are case-sensitive"
        );
        assert!(parse(r#"username eq "a"b""#).is_err());
        assert!(parse(r#"username eq "a\"#).is_err());
        assert!(
            parse("username eq \"a\nb\"").is_err(),
            "control characters must be escaped"
        );
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let text = r#"username eq "x" and enabled eq true or externalId sw "A""#;
        assert!(matches(text));
        assert!(!matches(
            r#"username eq "x" and (enabled eq true or externalId sw "A")"#
        ));
        assert!(matches(r#"(username sw "emma") AND enabled eq "true""#));
    }

    #[test]
    fn a_bracket_filter_must_match_a_single_item() {
        assert!(matches(
            r#"memberOfGroups[id eq "one" and type eq "DIRECT"]"#
        ));
        assert!(!matches(
            r#"memberOfGroups[id eq "two" and type eq "DIRECT"]"#
        ));
        assert!(parse(r#"memberOfGroups.id eq "one""#).is_err());
        assert!(parse(r#"memberOfGroups[username eq "one"]"#).is_err());
        assert!(parse(r#"memberOfGroups[id eq "one""#).is_err());
    }

    #[test]
    fn a_list_matches_any_of_its_items() {
        assert!(matches(r#"externalId in ["B", "A\\1"]"#));
        assert!(!matches(r#"externalId in ["A"]"#));
        for text in [
            "externalId in []",
            r#"externalId in ["A""#,
            r#"externalId in ["A",]"#,
            r#"externalId in "A""#,
            r#"externalId eq ["A"]"#,
            r#"username in ["A"]"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn dates_may_be_quoted_or_not() {
        assert!(matches(r#"recordedAt gt "2026-03-04T09:00:00Z""#));
        assert!(matches("recordedAt lt 2026-03-04T12:00:00+01:00"));
        assert!(parse("recordedAt gt yesterday").is_err());
    }

    #[test]
    fn errors_name_what_is_supported() {
        let error = parse(r#"userName eq "emma""#).expect_err("attribute names are case-sensitive");
        assert!(error.attributes.contains(&"username".to_owned()));
        assert!(error.operators.contains(&"eq"));
        let error = parse(r#"externalId co "A""#).expect_err("co is not supported");
        assert_eq!(error.operators, ["eq", "sw", "in"]);
        for text in [
            "",
            "username",
            "username eq",
            "username eq emma",
            "username pr",
            r#"not (username eq "a")"#,
            r#"username ne "a""#,
            "username eq 'a'",
            r#"username eq "a" username eq "b""#,
            r#"(username eq "a""#,
            r#"username eq "a")"#,
            "enabled eq 1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nesting_depth_is_bounded() {
        let text = format!(
            "{}username eq \"a\"{}",
            "(".repeat(10_000),
            ")".repeat(10_000)
        );
        assert!(parse(&text).is_err());
    }
}
