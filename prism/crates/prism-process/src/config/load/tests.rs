//! Flags, variables and defaults, as a program sees them.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use super::*;
use crate::config::{Common, PeerAddress, Secret, Source};

const PROGRAM: Program = Program {
    name: "sample",
    about: "a sample",
    version: "1.2.3",
    commit: "abc",
    dirty: false,
    profile: "debug",
};

#[derive(Debug)]
struct Sample {
    keys: NonZeroUsize,
    peers: Vec<PeerAddress>,
    token: Option<Secret>,
    common: Common,
}

impl Configuration for Sample {
    fn read(options: &mut Options) -> Option<Self> {
        let keys = options.one("max-keys", "10", "How many keys");
        let peers = options.many("peer", "Who to ask");
        let token = options.variable("token", "What proves it");
        let common = Common::read(options);
        Some(Self {
            keys: keys?,
            peers: peers?,
            token: token?,
            common: common?,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

fn asked(line: &str, variables: &[(&str, &str)]) -> Result<Asked<Sample>, Vec<Invalid>> {
    let variables: HashMap<String, OsString> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).into()))
        .collect();
    let words: Vec<OsString> = line.split_whitespace().map(Into::into).collect();
    load(PROGRAM, words.into_iter(), move |name| {
        variables.get(name).cloned()
    })
}

fn served(line: &str, variables: &[(&str, &str)]) -> Sample {
    match asked(line, variables) {
        Ok(Asked::Serve(sample)) => sample,
        other => panic!("{other:?}"),
    }
}

fn printed(line: &str) -> String {
    printed_with(line, &[])
}

fn printed_with(line: &str, variables: &[(&str, &str)]) -> String {
    match asked(line, variables) {
        Ok(Asked::Print(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn errors(line: &str, variables: &[(&str, &str)]) -> Vec<String> {
    asked(line, variables)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Nothing said means the defaults.
#[test]
fn defaults_stand() {
    let sample = served("", &[]);

    assert_eq!(sample.keys.get(), 10);
    assert_eq!(sample.peers, []);
    assert_eq!(sample.common.drain_timeout, Duration::from_secs(30));
}

/// A flag wins over a variable, and a variable over the default; an empty variable says nothing.
#[test]
fn the_nearer_source_wins() {
    let variables = [
        ("PRISM_MAX_KEYS", "20"),
        ("PRISM_DRAIN_TIMEOUT", "2s"),
        ("PRISM_LOG_LEVEL", ""),
    ];

    let sample = served("--max-keys 30", &variables);

    assert_eq!(sample.keys.get(), 30);
    assert_eq!(sample.common.drain_timeout, Duration::from_secs(2));
}

/// Both ways to write a flag are one, and of two the later counts.
#[test]
fn a_later_flag_replaces_an_earlier_one() {
    assert_eq!(served("--max-keys=5 --max-keys 6", &[]).keys.get(), 6);
}

/// A repeatable option collects its flags, or the words of its variable.
#[test]
fn a_repeatable_option_collects() {
    let by_flag = served("--peer a:1 --peer b:2", &[("PRISM_PEER", "c:3")]);
    let by_variable = served("", &[("PRISM_PEER", "c:3 d:4")]);

    assert_eq!(
        by_flag
            .peers
            .iter()
            .map(PeerAddress::as_str)
            .collect::<Vec<_>>(),
        ["a:1", "b:2"]
    );
    assert_eq!(
        by_variable
            .peers
            .iter()
            .map(PeerAddress::as_str)
            .collect::<Vec<_>>(),
        ["c:3", "d:4"]
    );
}

/// Every error is reported, each with the place to mend it.
#[test]
fn all_errors_are_reported_together() {
    let errors = errors(
        "x --bogus 1 --max-keys 0 --peer",
        &[("PRISM_DRAIN_TIMEOUT", "soon")],
    );

    assert_eq!(
        errors,
        [
            "unexpected argument \"x\": every option is written --name VALUE",
            "--peer needs a value",
            "--max-keys \"0\" is not a whole number from 1 up",
            "PRISM_DRAIN_TIMEOUT \"soon\" is not a duration, such as 200ms, 30s, 5m or 1h",
            "unknown option --bogus",
        ]
    );
}

/// A value may begin with a single dash, and is then judged as a value.
#[test]
fn a_negative_number_is_a_value() {
    assert_eq!(
        errors("--max-keys -1", &[]),
        ["--max-keys \"-1\" is not a whole number from 1 up"]
    );
}

/// The help shows each option with its shape, default and variable, whatever else is wrong.
#[test]
fn help_lists_every_option() {
    let help = printed("--help --max-keys wrong");

    assert!(help.contains("--max-keys N "), "{help}");
    assert!(
        help.contains("How many keys [default 10, PRISM_MAX_KEYS]"),
        "{help}"
    );
    assert!(
        help.contains("Who to ask [may be repeated, PRISM_PEER]"),
        "{help}"
    );
    assert!(help.contains("--drain-timeout DURATION"), "{help}");
}

/// The version is for people, or with --json for programs.
#[test]
fn version_has_two_forms() {
    assert!(printed("--version").starts_with("sample 1.2.3"));
    assert!(printed("--version --json").starts_with('{'));
    assert_eq!(errors("--json", &[]), ["--json goes with --version"]);
}

/// Each setting knows where its value came from.
#[test]
fn a_setting_knows_its_source() {
    let words = ["--max-keys", "3"].map(OsString::from).into_iter();
    let mut options = Options::new(words, |name| {
        (name == "PRISM_LOG_LEVEL").then(|| "debug".into())
    });

    Sample::read(&mut options).unwrap();

    let sources: Vec<_> = options
        .settings()
        .iter()
        .map(|s| (s.name, s.source))
        .collect();
    assert!(sources.contains(&("max-keys", Source::Flag)));
    assert!(sources.contains(&("log-level", Source::Environment)));
    assert!(sources.contains(&("log-format", Source::Default)));
}

/// Every value is printed with its source, in the order of the help; a secret only as being there.
#[test]
fn the_configuration_is_printed_with_its_sources() {
    let variables = [("PRISM_PEER", "c:3 d:4"), ("PRISM_TOKEN", "s3cret")];

    let printed = printed_with("--print-config --max-keys 3", &variables);

    let expected = [
        "max-keys = 3 (flag)",
        "peer = c:3 d:4 (environment)",
        "token = (set) (environment)",
        "drain-timeout = 30s (default)",
        "log-format = text (default)",
        "log-level = info (default)",
    ];
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}

/// What nobody gave and has no default is printed as nothing.
#[test]
fn what_is_not_there_is_printed_empty() {
    assert!(printed("--print-config").contains("token =  (default)"));
}

/// A configuration in error is not printed but reported, as ever.
#[test]
fn a_configuration_in_error_is_not_printed() {
    assert_eq!(
        errors("--print-config --max-keys 0", &[]),
        ["--max-keys \"0\" is not a whole number from 1 up"]
    );
}

/// A secret has a variable and no flag, and its value is repeated nowhere.
#[test]
fn a_secret_has_no_flag() {
    let by_variable = served("", &[("PRISM_TOKEN", "s3cret")]);

    assert_eq!(by_variable.token.as_ref().unwrap().reveal(), "s3cret");
    assert!(!format!("{by_variable:?}").contains("s3cret"));
    assert_eq!(errors("--token s3cret", &[]), ["unknown option --token"]);
    assert!(printed("--help").contains("PRISM_TOKEN=SECRET"));
}

/// An option that was taken knows whether and how it was given.
#[test]
fn an_option_knows_how_it_was_given() {
    let words = ["--max-keys", "3"].map(OsString::from).into_iter();
    let mut options = Options::new(words, |name| (name == "PRISM_PEER").then(|| "a:1".into()));

    Sample::read(&mut options).unwrap();

    assert_eq!(options.given_as("max-keys").as_deref(), Some("--max-keys"));
    assert_eq!(options.given_as("peer").as_deref(), Some("PRISM_PEER"));
    assert_eq!(options.given_as("log-level"), None);
}
