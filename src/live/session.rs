//! Connections to AWS, by the standard chain of credentials, and what became of each call.

use std::{
    collections::HashSet,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, stalled_stream_protection::StalledStreamProtectionConfig,
    timeout::TimeoutConfig,
};
use aws_sdk_iam::{
    config::{
        ConfigBag, Intercept, ProvideCredentials, RuntimeComponents,
        interceptors::AfterDeserializationInterceptorContextRef,
    },
    error::BoxError,
};
use tokio::sync::watch;

use super::{
    Options, Trouble,
    calls::Call,
    failure::{Failure, Kind},
    json::Json,
};

/// Clients of one account and Region, and what all tasks share.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) kms: aws_sdk_kms::Client,
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) region: Option<String>,
    shared: Arc<Shared>,
}

struct Shared {
    /// Why no further call is worth making.
    over: watch::Sender<Option<Failure>>,
    /// How many calls have been answered.
    answered: AtomicUsize,
    tick: Box<dyn Fn(usize) + Send + Sync>,
}

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How many attempts' time a call may take with its retries and their pauses.
const ATTEMPTS: u32 = 8;

/// Where IAM and STS are asked where no Region is set.
///
/// Source: IAM User Guide, "Calling the IAM API": IAM of the partition `aws` has one endpoint.
const GLOBAL: &str = "us-east-1";

impl Session {
    /// Reads profile, Region and credentials.
    ///
    /// # Errors
    /// [`Trouble`] where a Region or credentials are missing.
    pub(super) async fn open(
        options: &Options,
        needs_region: bool,
        tick: Box<dyn Fn(usize) + Send + Sync>,
    ) -> Result<Self, Trouble> {
        let config = configuration(options).await;
        let region = config.region().map(ToString::to_string);
        if region.is_none() && needs_region {
            return Err(Trouble::new(
                "no Region is set",
                "give --region, set AWS_REGION, or choose a profile that has one",
            ));
        }
        let provider = config.credentials_provider();
        let credentials = match provider {
            Some(provider) => provider.provide_credentials().await.ok(),
            None => None,
        };
        if credentials.is_none() {
            let help = "sign in with the AWS CLI, give --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
            return Err(Trouble::new("no AWS credentials were found", help));
        }
        let config = match &region {
            Some(_) => config,
            None => config.into_builder().region(Region::from_static(GLOBAL)).build(),
        };
        let shared = Shared { over: watch::Sender::default(), answered: AtomicUsize::new(0), tick };
        Ok(Self {
            iam: aws_sdk_iam::Client::from_conf(
                aws_sdk_iam::config::Builder::from(&config).interceptor(WholeXml).build(),
            ),
            kms: aws_sdk_kms::Client::new(&config),
            sts: aws_sdk_sts::Client::from_conf(
                aws_sdk_sts::config::Builder::from(&config).interceptor(WholeXml).build(),
            ),
            region,
            shared: Arc::new(shared),
        })
    }

    /// Another Region's KMS.
    pub(super) fn in_region(&self, region: &str) -> Self {
        if self.region.as_deref() == Some(region) {
            return self.clone();
        }
        let config = self.kms.config().to_builder().region(Region::new(region.to_owned())).build();
        let mut session = self.clone();
        session.kms = aws_sdk_kms::Client::from_conf(config);
        session.region = Some(region.to_owned());
        session
    }

    /// Makes no call any more, for this reason, and waits for none.
    pub(super) fn end(&self, why: Failure) {
        self.shared.over.send_if_modified(|over| {
            let is_first = over.is_none();
            over.get_or_insert(why);
            is_first
        });
    }

    /// Why no further call is made.
    pub(super) fn ended(&self) -> Option<Failure> {
        self.shared.over.borrow().clone()
    }

    /// Makes one call, unless the run is over; gives it up where the run ends meanwhile.
    pub(super) async fn ask<T>(&self, call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let mut over = self.shared.over.subscribe();
        let answer = tokio::select! {
            biased;
            _ = over.wait_for(Option::is_some) => {
                let why = self.ended().unwrap_or_else(|| Failure::new(Kind::Failed, "the run is over"));
                return Err(Failure { message: format!("not asked: {}", why.message), ..why });
            }
            answer = call => answer,
        };
        (self.shared.tick)(self.shared.answered.fetch_add(1, Ordering::Relaxed) + 1);
        if let Err(failure) = &answer
            && failure.kind == Kind::Credentials
        {
            self.end(failure.clone());
        }
        answer
    }

    /// Asks page after page. Where a later page fails, what came before it is kept.
    pub(super) async fn pages<F, A>(&self, mut page: F) -> (Vec<Json>, Option<Failure>)
    where
        F: FnMut(Option<String>) -> A,
        A: Future<Output = Result<Page, Failure>>,
    {
        let (mut items, mut token, mut seen) = (Vec::new(), None, HashSet::new());
        loop {
            match self.ask(page(token)).await {
                Ok(page) => {
                    items.extend(page.items);
                    let Some(next) = page.next else { return (items, None) };
                    if !seen.insert(next.clone()) {
                        let failure = Failure::new(Kind::Failed, "the service gives the same page token again");
                        return (items, Some(failure));
                    }
                    token = Some(next);
                }
                Err(failure) => return (items, Some(failure)),
            }
        }
    }
}

/// Refuses an answer in XML that breaks off: the SDK takes what came for all of it.
#[derive(Debug)]
struct WholeXml;

impl Intercept for WholeXml {
    fn name(&self) -> &'static str {
        "WholeXml"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let body = response.body().bytes().unwrap_or_default().trim_ascii_end();
        if response.status().is_success() && !body.ends_with(b"Response>") {
            return Err("the answer breaks off".into());
        }
        Ok(())
    }
}

/// One page of a list.
pub(super) struct Page {
    pub(super) items: Vec<Json>,
    /// The token of the next one.
    pub(super) next: Option<String>,
}

async fn configuration(options: &Options) -> SdkConfig {
    let attempt = options.timeout;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT.min(attempt))
        .operation_attempt_timeout(attempt)
        .operation_timeout(attempt * ATTEMPTS)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts)
        // A stalled answer runs into the timeout above.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    loader.load().await
}

/// What became of one call.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) call: &'static Call,
    /// As a user of the AWS CLI types it.
    pub(super) typed: String,
    /// The file of its answer, where there is one.
    pub(super) file: Option<String>,
    pub(super) failure: Option<Failure>,
}
