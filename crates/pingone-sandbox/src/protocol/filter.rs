//! Reads PingOne's dialect of the SCIM filter language and tests documents against it.
//!
//! Pure: no state, no HTTP. What may be filtered is not decided here but given as a [`Schema`].
//! Language: `docs.pingidentity.com/pingone/directory/p1_scim_filter_language.html`; strings are
//! JSON strings as RFC 7644, section 3.4.2.2, has it (Ping publishes no rule of its own for
//! quotes inside values: UNCONFIRMED).

use jiff::Timestamp;
use serde_json::Value;

/// A comparison that the platform knows for some attribute or other.
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
}

impl Operator {
    /// The operator as it is written in a filter.
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
        }
    }

    /// RFC 7644 has operators without regard to case; `AND` and `and` are both seen in Ping's docs.
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
        ]
        .into_iter()
        .find(|operator| operator.name().eq_ignore_ascii_case(name))
    }
}

/// How the values of an attribute are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text that has to match letter for letter.
    Exact,
    /// Text that matches without regard to case.
    CaseInsensitive,
    /// `true` or `false`.
    Bool,
    /// An instant in RFC 3339.
    Time,
}

/// One attribute that may stand in a filter, and with which operators.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// The path as it is written; its letter case counts.
    pub(crate) name: &'static str,
    /// How it is compared.
    pub(crate) kind: Kind,
    /// What it may be compared with.
    pub(crate) operators: &'static [Operator],
}

/// What a collection can be filtered by.
#[derive(Debug)]
pub(crate) struct Schema<'a> {
    /// Plain attributes.
    pub(crate) attributes: &'a [Attribute],
    /// Attributes that take the bracket form, with those that may stand inside.
    pub(crate) brackets: &'a [(&'static str, &'a [Attribute])],
    /// An environment's own string attributes: `eq` and `sw`, letter for letter.
    pub(crate) custom: &'a [String],
}

/// Why a filter is refused: becomes the detail `INVALID_FILTER`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FilterError {
    /// A sentence for people.
    pub(crate) message: String,
    /// The operators that would have been understood, where the operator or the attribute is at fault.
    pub(crate) operators: Vec<&'static str>,
    /// The attributes that would have been understood.
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

/// A filter that has been read and found to be within its schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// Any of them.
    Or(Vec<Filter>),
    /// An attribute against a value.
    Compare(Comparison),
    /// `path[filter]`: one and the same item of a list fits the whole inner filter.
    Within(String, Box<Filter>),
}

/// One `attribute operator value`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    /// The attribute's path with dots.
    pub(crate) path: String,
    /// The operator.
    pub(crate) operator: Operator,
    /// What it is compared with.
    pub(crate) operand: Operand,
}

/// The right side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    /// Letter for letter.
    Exact(String),
    /// Already in lower case.
    CaseInsensitive(String),
    /// A truth value.
    Bool(bool),
    /// An instant.
    Time(Timestamp),
}

impl Filter {
    /// Reads `text` within `schema`.
    pub(crate) fn parse(text: &str, schema: &Schema<'_>) -> Result<Self, FilterError> {
        let mut parser = Parser {
            tokens: tokens(text)?,
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

    /// Whether `document`, an object as the API shows it, fits.
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

    /// Whether it looks into a list: such lists are only put together where it does.
    pub(crate) fn has_brackets(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::has_brackets),
            Self::Within(..) => true,
            Self::Compare(_) => false,
        }
    }

    /// Every comparison in it, for collections that demand one (a date bound, say).
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

/// What stands at a dotted path; a list on the way stands for each of its items.
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

/// Parentheses and brackets may nest this deep: a bound for the stack, far above any real filter.
const MAX_DEPTH: usize = 32;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Text(String),
    /// An attribute, an operator, a truth value, a number or an unquoted date.
    Word(String),
}

impl Token {
    fn name(&self) -> String {
        match self {
            Self::Open => "'('".to_owned(),
            Self::Close => "')'".to_owned(),
            Self::OpenBracket => "'['".to_owned(),
            Self::CloseBracket => "']'".to_owned(),
            Self::Text(_) => "a text value".to_owned(),
            Self::Word(word) => format!("'{word}'"),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '[' => (Token::OpenBracket, 1),
            ']' => (Token::CloseBracket, 1),
            '"' => {
                let length = quoted_length(rest)
                    .ok_or_else(|| FilterError::new("a text value is not closed"))?;
                let value = serde_json::from_str(&rest[..length])
                    .map_err(|_| FilterError::new("a text value is not a valid JSON string"))?;
                (Token::Text(value), length)
            }
            _ => {
                let length = rest
                    .find(|c: char| c.is_whitespace() || "()[]\"".contains(c))
                    .unwrap_or(rest.len());
                let word = &rest[..length];
                // Single quotes are seen in one sample of a group's userFilter only; what the
                // filter parameter makes of them is UNCONFIRMED, so the sandbox refuses them.
                if !word
                    .chars()
                    .all(|c| c.is_alphanumeric() || "._:+-$".contains(c))
                {
                    return Err(FilterError::new(format!("'{word}' is not understood")));
                }
                (Token::Word(word.to_owned()), length)
            }
        };
        found.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

/// The length of the JSON string that `text` starts with, quotes included.
fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

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
                "{} was expected, not {}",
                wanted.name(),
                token.name()
            ))),
            None => Err(FilterError::new(format!("{} is missing", wanted.name()))),
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

    /// `a or b or c`, the loosest binding.
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
                "an attribute was expected, not {}",
                token.name()
            ))),
            None => Err(FilterError::new("the filter ends too early")),
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
                    "an operator was expected after '{path}', not {}",
                    token.name()
                )));
            }
            None => return Err(FilterError::new("the filter ends too early")),
        };
        let operand = match (kind, self.take()) {
            (_, None) => return Err(FilterError::new("the filter ends too early")),
            (Kind::Exact, Some(Token::Text(text))) => Operand::Exact(text),
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
                    "{} is no value for '{path}'",
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
        message: format!("filtering by '{path}' is not supported"),
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
            operators: TEXT,
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
            "an exact attribute keeps its case"
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
    fn brackets_ask_one_item_for_everything() {
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
    fn dates_stand_with_and_without_quotes() {
        assert!(matches(r#"recordedAt gt "2026-03-04T09:00:00Z""#));
        assert!(matches("recordedAt lt 2026-03-04T12:00:00+01:00"));
        assert!(parse("recordedAt gt yesterday").is_err());
    }

    #[test]
    fn what_is_not_supported_is_named() {
        let error = parse(r#"userName eq "emma""#).expect_err("letter case counts");
        assert!(error.attributes.contains(&"username".to_owned()));
        assert!(error.operators.contains(&"eq"));
        let error = parse(r#"externalId co "A""#).expect_err("co is for a subset");
        assert_eq!(error.operators, ["eq", "sw"]);
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
    fn nesting_is_bounded() {
        let text = format!(
            "{}username eq \"a\"{}",
            "(".repeat(10_000),
            ")".repeat(10_000)
        );
        assert!(parse(&text).is_err());
    }
}
