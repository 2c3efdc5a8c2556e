//! Splits a filter into tokens.

/// A part of a filter that cannot be divided.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    Comma,
    OpenBracket,
    CloseBracket,
    Text(String),
    /// An attribute, an operator, a boolean, a number or an unquoted date.
    Word(String),
}

impl Token {
    /// The token as an error names it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Open => "'('".to_owned(),
            Self::Close => "')'".to_owned(),
            Self::Comma => "','".to_owned(),
            Self::OpenBracket => "'['".to_owned(),
            Self::CloseBracket => "']'".to_owned(),
            Self::Text(_) => "a string".to_owned(),
            Self::Word(word) => format!("'{word}'"),
        }
    }
}

/// The tokens of a filter; the error is a message for people.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '[' => (Token::OpenBracket, 1),
            ']' => (Token::CloseBracket, 1),
            ',' => (Token::Comma, 1),
            '"' => {
                let length = quoted_length(rest).ok_or_else(|| "unterminated string".to_owned())?;
                let value = serde_json::from_str(&rest[..length])
                    .map_err(|_| "a string is not valid JSON".to_owned())?;
                (Token::Text(value), length)
            }
            _ => {
                let length = rest
                    .find(|c: char| c.is_whitespace() || "()[],\"".contains(c))
                    .unwrap_or(rest.len());
                let word = &rest[..length];
                // Single quotes occur in one sample of a group's userFilter; whether `filter`
                // accepts them is UNCONFIRMED, so the sandbox does not.
                if !word
                    .chars()
                    .all(|c| c.is_alphanumeric() || "._:+-$".contains(c))
                {
                    return Err(format!("unexpected '{word}'"));
                }
                (Token::Word(word.to_owned()), length)
            }
        };
        found.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

/// The length of the JSON string at the start of `text`, including its quotes.
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
