//! What an error of AWS means to the core. Knows codes, reasons and statuses; must not know who asked for what.

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use tidegate_core::port::Failure;

/// Codes of errors, from the API references of SQS, ECS and DynamoDB and the errors common to all of AWS. What is not
/// here is judged by its HTTP status.
const CODES: [(&str, Failure); 47] = [
    ("AWS.SimpleQueueService.OverLimit", Failure::Throttled),
    ("AccessDenied", Failure::Denied),
    ("AccessDeniedException", Failure::Denied),
    ("AuthFailure", Failure::Denied),
    ("BlockedException", Failure::Denied),
    ("ClientException", Failure::Denied),
    ("ClusterNotFoundException", Failure::Denied),
    ("ExpiredToken", Failure::Denied),
    ("ExpiredTokenException", Failure::Denied),
    ("IncompleteSignature", Failure::Denied),
    ("InvalidClientTokenId", Failure::Denied),
    ("InvalidMessageContents", Failure::Denied),
    ("InvalidParameterCombination", Failure::Denied),
    ("InvalidParameterException", Failure::Denied),
    ("InvalidParameterValue", Failure::Denied),
    ("InvalidSecurity", Failure::Denied),
    ("InvalidSignatureException", Failure::Denied),
    ("KmsAccessDenied", Failure::Denied),
    ("KmsThrottled", Failure::Throttled),
    ("LimitExceededException", Failure::Capacity),
    ("MissingAuthenticationToken", Failure::Denied),
    ("MissingAuthenticationTokenException", Failure::Denied),
    ("MissingParameter", Failure::Denied),
    ("NotAuthorized", Failure::Denied),
    ("OptInRequired", Failure::Denied),
    ("OverLimit", Failure::Throttled),
    ("PlatformTaskDefinitionIncompatibilityException", Failure::Denied),
    ("PlatformUnknownException", Failure::Denied),
    ("PriorRequestNotComplete", Failure::Throttled),
    ("ProvisionedThroughputExceededException", Failure::Throttled),
    ("ReplicatedWriteConflictException", Failure::Throttled),
    ("RequestExpired", Failure::Denied),
    ("RequestLimitExceeded", Failure::Throttled),
    ("RequestThrottled", Failure::Throttled),
    ("RequestThrottledException", Failure::Throttled),
    ("SignatureDoesNotMatch", Failure::Denied),
    ("SlowDown", Failure::Throttled),
    ("ThrottledException", Failure::Throttled),
    ("Throttling", Failure::Throttled),
    ("ThrottlingException", Failure::Throttled),
    ("TooManyRequestsException", Failure::Throttled),
    ("TransactionInProgressException", Failure::Throttled),
    ("UnrecognizedClientException", Failure::Denied),
    ("UnsupportedFeatureException", Failure::Denied),
    ("UnsupportedOperation", Failure::Denied),
    ("ValidationError", Failure::Denied),
    ("ValidationException", Failure::Denied),
];

/// Parts of messages, in lower case, that tell of want of capacity whatever the code: ECS says so in a
/// `ClientException`, an `InvalidParameterException` or in a reason of `failures[]`, and a quota is no less a want.
const WANTS: [&str; 4] =
    ["capacity is unavailable", "insufficient capacity", "reached the limit on the number of", "no capacity"];

/// What an error of a call means. A time-out of the connection is [`Failure::Unreachable`], for nothing was sent; we
/// set no other time-out below that of an attempt, which is [`Failure::Timeout`]: it may have happened.
pub(crate) fn failure<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Failure {
    match error {
        SdkError::ConstructionFailure(_) => Failure::Denied,
        SdkError::TimeoutError(_) => Failure::Timeout,
        SdkError::DispatchFailure(dispatch) if dispatch.is_user() => Failure::Denied,
        SdkError::DispatchFailure(_) => Failure::Unreachable,
        SdkError::ResponseError(_) => Failure::Service,
        SdkError::ServiceError(service) => {
            let (code, message) = (service.err().code().unwrap_or(""), service.err().message().unwrap_or(""));
            of_code(code, message, service.raw().status().as_u16())
        }
        _ => Failure::Service, // the SDK may learn of other errors
    }
}

/// An error with its causes, for people: the SDK hides what matters (no credentials, no such host) behind several.
pub(crate) fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !words.contains(&told) {
            words = format!("{words}: {told}");
        }
        cause = error.source();
    }
    words
}

/// What a code with its message and its HTTP status means.
pub(crate) fn of_code(code: &str, message: &str, status: u16) -> Failure {
    if is_want(message) {
        return Failure::Capacity;
    }
    // Some services send `namespace#Code`, some `Code:address`.
    let code = code.rsplit('#').next().unwrap_or(code);
    let code = code.split(':').next().unwrap_or(code);
    if let Some((_, failure)) = CODES.iter().find(|(known, _)| *known == code) {
        return *failure;
    }
    match status {
        401 | 403 => Failure::Denied,
        429 => Failure::Throttled,
        _ => Failure::Service,
    }
}

/// What a reason in the `failures[]` of a RunTask means: it comes with a 200.
pub(crate) fn of_reason(reason: &str) -> Failure {
    if reason.starts_with("RESOURCE") || is_want(reason) || reason.eq_ignore_ascii_case("capacity") {
        return Failure::Capacity;
    }
    if reason.contains("Rate exceeded") || reason.contains("Throttl") {
        return Failure::Throttled;
    }
    Failure::Service
}

fn is_want(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    WANTS.iter().any(|part| message.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sqs::error::ConnectorError;
    use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchError;

    #[test]
    fn codes_are_in_order_and_each_means_what_the_table_says() {
        assert!(CODES.is_sorted_by(|a, b| a.0 < b.0));
        for (code, failure) in CODES {
            assert_eq!(of_code(code, "", 400), failure, "{code}");
            assert_eq!(of_code(&format!("com.amazonaws#{code}"), "", 400), failure, "{code} in a namespace");
        }
    }

    #[test]
    fn what_has_no_code_of_its_own_is_judged_by_its_status() {
        for (status, failure) in [
            (400, Failure::Service),
            (403, Failure::Denied),
            (429, Failure::Throttled),
            (500, Failure::Service),
            (503, Failure::Service),
        ] {
            assert_eq!(of_code("SomethingNew", "", status), failure, "{status}");
        }
    }

    #[test]
    fn a_want_of_capacity_is_known_by_its_words() {
        let unavailable = "Capacity is unavailable at this time. Please try again later or in a different zone";
        let tasks = "You've reached the limit on the number of tasks you can run concurrently";
        let vcpus = "You've reached the limit on the number of vCPUs you can run concurrently";
        for message in [unavailable, tasks, vcpus] {
            assert_eq!(of_code("ClientException", message, 400), Failure::Capacity);
            assert_eq!(of_reason(message), Failure::Capacity);
        }
        for (reason, failure) in [
            ("RESOURCE:CPU", Failure::Capacity),
            ("RESOURCE:MEMORY", Failure::Capacity),
            ("RESOURCE:FARGATE", Failure::Capacity),
            ("Capacity", Failure::Capacity),
            ("AGENT", Failure::Service),
            ("MISSING", Failure::Service),
            ("Rate exceeded", Failure::Throttled),
        ] {
            assert_eq!(of_reason(reason), failure, "{reason}");
        }
    }

    #[test]
    fn errors_before_any_answer_are_told_apart() {
        type Error = SdkError<SendMessageBatchError>;
        assert_eq!(failure(&Error::construction_failure("bad")), Failure::Denied);
        assert_eq!(failure(&Error::timeout_error("late")), Failure::Timeout);
        assert_eq!(failure(&Error::dispatch_failure(ConnectorError::io("refused".into()))), Failure::Unreachable);
        assert_eq!(failure(&Error::dispatch_failure(ConnectorError::timeout("2 s".into()))), Failure::Unreachable);
        assert_eq!(failure(&Error::dispatch_failure(ConnectorError::user("bad".into()))), Failure::Denied);
    }
}
