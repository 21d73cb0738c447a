//! `now()`, `timeOfDay()`, `today()`: parts of the one time the input says it is.

use super::{Function, Run, function};
use crate::fhirpath::Error;
use crate::fhirpath::eval::{Answer, Scope};
use crate::fhirpath::op::Call;
use crate::fhirpath::value::{Temporal, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("now", (0, 0), Run::Value(now)),
    function("today", (0, 0), Run::Value(today)),
    function("timeOfDay", (0, 0), Run::Value(time_of_day)),
];

fn clock(call: &Call, scope: &Scope<'_, '_>) -> Answer<Temporal> {
    let why = || "the time is not known".to_owned();
    let unknown = || Error::Undecided { at: call.at, what: call.function.name, why: why() };
    Ok(scope.env.input.now.ok_or_else(unknown)?)
}

fn now<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    Ok(Some(Value::Temporal(clock(call, scope)?)))
}

fn today<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    Ok(clock(call, scope)?.to_date().map(Value::Temporal))
}

fn time_of_day<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    Ok(clock(call, scope)?.to_time().map(Value::Temporal))
}
