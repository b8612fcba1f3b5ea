use prism_api::interfaces::{
    DrainResponse, HealthCheckResponse, HeartbeatMessage, InterfaceDeclaration, PatternMetadata,
    RegisterRequest, StopResponse,
};
use tonic::Code;

use super::*;
use crate::routes::Taken;

fn said(correlation_id: &str, message: Message) -> Event {
    Event::Said(PatternMessage {
        correlation_id: correlation_id.to_owned(),
        message: Some(message),
    })
}

fn register() -> Event {
    let interfaces = vec![InterfaceDeclaration {
        name: "a.B".to_owned(),
        ..InterfaceDeclaration::default()
    }];
    let metadata = PatternMetadata {
        interfaces,
        ..PatternMetadata::default()
    };
    let request = RegisterRequest {
        pattern_name: "keyvalue".to_owned(),
        metadata: Some(metadata),
        ..RegisterRequest::default()
    };
    said("r", Message::Register(request))
}

fn claimed() -> Event {
    Event::Claimed("keyvalue-1".to_owned())
}

fn initialized(success: bool) -> Event {
    let response = InitializeResponse {
        success,
        error: "no disk".to_owned(),
        ..InitializeResponse::default()
    };
    said("initialize", Message::InitializeResponse(response))
}

fn started(data_endpoint: &str) -> Event {
    let response = StartResponse {
        success: true,
        data_endpoint: data_endpoint.to_owned(),
        ..StartResponse::default()
    };
    said("start", Message::StartResponse(response))
}

fn healthy(id: &str, status: HealthStatus) -> Event {
    let response = HealthCheckResponse {
        status: status.into(),
        ..HealthCheckResponse::default()
    };
    said(id, Message::HealthResponse(response))
}

fn heartbeat(status: HealthStatus) -> Event {
    let beat = HeartbeatMessage {
        status: status.into(),
        ..HeartbeatMessage::default()
    };
    said("", Message::Heartbeat(beat))
}

fn dismissed(last: LastCommand) -> Event {
    Event::Dismissed(Farewell {
        grace: Duration::from_millis(1500),
        reason: "moved".to_owned(),
        last,
    })
}

/// The state after these events, and what the last of them asks for.
fn after(events: impl IntoIterator<Item = Event>) -> (State, Vec<String>) {
    let begin = (State::New, Vec::new());
    let (state, actions) = events
        .into_iter()
        .fold(begin, |(state, _), event| state.step(event));
    (state, actions.iter().map(shown).collect())
}

fn shown(action: &Action) -> String {
    match action {
        Action::Send(command) => {
            let kind = format!("{:?}", command.command.as_ref().unwrap());
            let kind = kind.split('(').next().unwrap().to_owned();
            format!("send {kind} {}", command.correlation_id)
        }
        Action::End(Ok(())) => "end".to_owned(),
        Action::End(Err(status)) => format!("end {:?}", status.code()),
        Action::Claim(_) => "claim".to_owned(),
        other => format!("{other:?}"),
    }
}

fn to_running() -> Vec<Event> {
    vec![
        register(),
        claimed(),
        initialized(true),
        started("127.0.0.1:9"),
    ]
}

/// Running, with the first health check answered.
fn settled() -> Vec<Event> {
    let answered = healthy("health-1", HealthStatus::Healthy);
    to_running().into_iter().chain([answered]).collect()
}

fn settled_then(events: impl IntoIterator<Item = Event>) -> (State, Vec<String>) {
    after(settled().into_iter().chain(events))
}

fn running_then(events: impl IntoIterator<Item = Event>) -> (State, Vec<String>) {
    after(to_running().into_iter().chain(events))
}

fn assert_ends(outcome: &(State, Vec<String>), code: Code) {
    assert_eq!(*outcome, (State::Ended, vec![format!("end {code:?}")]));
}

/// The way in: each answer brings the next command, and the last the route, and at once a first health check.
#[test]
fn a_runner_is_led_to_running() {
    let steps = to_running();

    let (_, claiming) = after(steps[..1].to_vec());
    let (_, initializing) = after(steps[..2].to_vec());
    let (_, starting) = after(steps[..3].to_vec());
    let (state, running) = after(steps);

    assert_eq!(claiming, ["claim"]);
    let expected = [
        "send RegisterAck r",
        "send Initialize initialize",
        "Expect(0ns)",
    ];
    assert_eq!(initializing, expected);
    assert_eq!(starting, ["send Start start", "Expect(0ns)"]);
    let expected = [
        "Route(\"127.0.0.1:9\")",
        "send HealthCheck health-1",
        "Expect(0ns)",
    ];
    assert_eq!(running, expected);
    assert_eq!(
        state,
        State::Running {
            checks: 1,
            asked: true
        }
    );
}

/// Whatever comes before `register`, a heartbeat too, ends the stream.
#[test]
fn register_comes_first() {
    assert_ends(
        &after([heartbeat(HealthStatus::Healthy)]),
        Code::FailedPrecondition,
    );
    assert_ends(&after([initialized(true)]), Code::FailedPrecondition);
    assert_ends(
        &after([Event::Said(PatternMessage::default())]),
        Code::FailedPrecondition,
    );
}

/// A malformed registration ends the stream, and takes nothing.
#[test]
fn a_malformed_registration_takes_nothing() {
    let empty = said("r", Message::Register(RegisterRequest::default()));

    assert_ends(&after([empty]), Code::InvalidArgument);
}

/// A runner whose routes are another's is told so, and let go.
#[test]
fn a_taken_route_is_refused_in_words() {
    let taken = Taken {
        by: "keyvalue-7".into(),
    };

    let (state, actions) = State::New.step(register()).0.step(Event::Taken(taken));

    let Action::Send(command) = &actions[0] else {
        panic!("{actions:?}")
    };
    assert_eq!(state, State::Ended);
    assert!(format!("{command:?}").contains("already served by keyvalue-7"));
}

/// A second registration on a stream is out of order.
#[test]
fn a_second_registration_is_out_of_order() {
    assert_ends(&running_then([register()]), Code::FailedPrecondition);
    assert_ends(
        &after([register(), claimed(), register()]),
        Code::FailedPrecondition,
    );
}

/// A step that the runner fails at ends the session.
#[test]
fn a_failed_step_ends_the_session() {
    let failed = after([register(), claimed(), initialized(false)]);

    assert_ends(&failed, Code::FailedPrecondition);
}

/// An answer of the wrong kind, or under another id, is out of order.
#[test]
fn an_answer_must_fit_its_question() {
    let wrong_kind = [register(), claimed(), started("127.0.0.1:9")];
    let wrong_id = running_then([healthy("health-2", HealthStatus::Healthy)]);
    let unasked = settled_then([healthy("health-1", HealthStatus::Healthy)]);

    assert_ends(&after(wrong_kind), Code::FailedPrecondition);
    assert_ends(&wrong_id, Code::FailedPrecondition);
    assert_ends(&unasked, Code::FailedPrecondition);
}

/// An endpoint that calls can't be routed to is named.
#[test]
fn a_bad_endpoint_is_refused() {
    let bad = |endpoint| after([register(), claimed(), initialized(true), started(endpoint)]);

    assert_ends(&bad(""), Code::InvalidArgument);
    assert_ends(&bad("127.0.0.1:0"), Code::InvalidArgument);
    assert_ends(&bad("http://127.0.0.1:9"), Code::InvalidArgument);
}

/// Health is asked for once at a time; the answer is noted.
#[test]
fn health_is_asked_for_once_at_a_time() {
    let (state, asked) = settled_then([Event::HealthDue]);
    let (_, again) = state.step(Event::HealthDue);
    let (_, unwell) = running_then([healthy("health-1", HealthStatus::Unhealthy)]);
    let (_, degraded) = running_then([
        healthy("health-1", HealthStatus::Unhealthy),
        Event::HealthDue,
        healthy("health-2", HealthStatus::Degraded),
    ]);

    assert_eq!(asked, ["send HealthCheck health-2", "Expect(0ns)"]);
    assert!(again.is_empty());
    assert_eq!(unwell, ["Rest", "Health(false)"]);
    assert_eq!(degraded, ["Rest", "Health(true)"]);
}

/// A heartbeat is noted, with the health that it carries.
#[test]
fn a_heartbeat_is_noted() {
    let (_, unwell) = running_then([heartbeat(HealthStatus::Unhealthy)]);
    let (_, silent) = running_then([heartbeat(HealthStatus::Unspecified)]);
    let (_, early) = after([register(), claimed(), heartbeat(HealthStatus::Healthy)]);

    assert_eq!(unwell, ["Beat", "Health(false)"]);
    assert_eq!(silent, ["Beat"]);
    assert_eq!(early, ["Beat"]);
}

/// What does not come in time ends the session, at every step.
#[test]
fn every_step_has_its_time() {
    let steps = to_running();
    for done in [0, 2, 3, 4] {
        let events = steps[..done].iter().cloned().chain([Event::Overdue]);
        assert_ends(&after(events), Code::DeadlineExceeded);
    }
    assert_ends(
        &settled_then([Event::HealthDue, Event::Overdue]),
        Code::DeadlineExceeded,
    );
    assert_ends(
        &settled_then([Event::HeartbeatsMissed]),
        Code::DeadlineExceeded,
    );
    let draining = [dismissed(LastCommand::Stop), Event::Overdue];
    assert_ends(&running_then(draining), Code::DeadlineExceeded);
}

/// A dismissed runner loses its routes first, drains, and then stops or shuts down.
#[test]
fn a_dismissed_runner_drains_before_it_ends() {
    let drained = || said("drain", Message::DrainResponse(DrainResponse::default()));
    let stopped = || said("stop", Message::StopResponse(StopResponse::default()));
    for (last, command) in [
        (LastCommand::Stop, "Stop"),
        (LastCommand::Shutdown, "Shutdown"),
    ] {
        let (_, draining) = running_then([dismissed(last)]);
        let (_, stopping) = running_then([dismissed(last), drained()]);
        let ended = running_then([dismissed(last), drained(), stopped()]);

        assert_eq!(draining, ["Unroute", "send Drain drain", "Expect(1.5s)"]);
        let expected = ["Unroute", &format!("send {command} stop"), "Expect(1.5s)"];
        assert_eq!(stopping, expected);
        assert_eq!(ended, (State::Ended, vec!["end".to_owned()]));
    }
}

/// A health check that crosses the drain is answered late, and that is no error.
#[test]
fn a_late_health_answer_does_not_disturb_the_drain() {
    let crossing = [
        dismissed(LastCommand::Stop),
        healthy("health-1", HealthStatus::Healthy),
    ];

    let (state, actions) = running_then(crossing);

    assert!(matches!(state, State::Draining(_)), "{state:?}");
    assert!(actions.is_empty());
}

/// A runner that does not serve yet has nothing to drain.
#[test]
fn a_runner_that_does_not_serve_is_stopped_at_once() {
    let (state, actions) = after([register(), claimed(), dismissed(LastCommand::Stop)]);

    assert_eq!(state, State::Stopping);
    assert_eq!(actions[1], "send Stop stop");
}

/// A proxy that goes commands nothing: the runner may register with the next.
#[test]
fn a_proxy_that_goes_commands_nothing() {
    assert_ends(&running_then([Event::ProxyGone]), Code::Unavailable);
}

/// The end of the stream ends every state, and nothing follows.
#[test]
fn a_lost_stream_ends_everything() {
    let steps = to_running();
    for done in 0..=steps.len() {
        let events = steps[..done].iter().cloned().chain([Event::HungUp]);
        assert_eq!(after(events), (State::Ended, vec!["end".to_owned()]));
    }
    let (state, actions) = State::Ended.step(register());
    assert!(state == State::Ended && actions.is_empty());
}
