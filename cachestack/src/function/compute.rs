//! How what a function computes is run: where it is called, or apart from its caller.

use std::any::Any;
use std::borrow::Borrow;
use std::fmt;
use std::future::Future;

use crate::cache::{Ticket, Work};
use crate::global;

/// A computation: `H` is what it is where it is called, the value or its future; `R` is the value.
pub trait Compute<H, R> {
    /// Whether it can run apart from its caller.
    const GOES_APART: bool;

    /// Runs it here.
    fn here(self) -> H;

    /// Runs the same call apart from its caller, with what it needs of its own.
    fn start(self, ticket: Ticket, done: impl FnOnce(R) + Send + 'static);
}

/// Runs where it is called.
#[derive(Debug, Clone, Copy)]
pub struct Here<C>(pub C);

impl<C: FnOnce() -> H, H, R> Compute<H, R> for Here<C> {
    const GOES_APART: bool = false;

    #[inline]
    fn here(self) -> H {
        (self.0)()
    }
    fn start(self, _: Ticket, _: impl FnOnce(R) + Send + 'static) {}
}

/// One closure for both ways, which has the arguments: told whether to go apart, it makes of them what is wanted.
pub struct Either<C>(C);

impl<C> fmt::Debug for Either<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Either").finish_non_exhaustive()
    }
}

/// What it makes.
#[derive(Debug)]
pub enum Made<H, R> {
    /// The value or its future.
    Here(H),
    /// The same call, owning what it needs.
    Apart(Work<R>),
}

/// A computation of a function of which refreshes may run apart from its callers.
#[inline]
pub fn either<C, H, R>(make: C) -> Either<C>
where
    C: FnOnce(bool) -> Made<H, R>,
{
    Either(make)
}

impl<C, H, R: 'static> Compute<H, R> for Either<C>
where
    C: FnOnce(bool) -> Made<H, R>,
{
    const GOES_APART: bool = true;

    fn here(self) -> H {
        match (self.0)(false) {
            Made::Here(here) => here,
            Made::Apart(_) => unreachable!("a call that is told to stay does"),
        }
    }
    fn start(self, ticket: Ticket, done: impl FnOnce(R) + Send + 'static) {
        if let Made::Apart(work) = (self.0)(true) {
            ticket.start(work, done);
        }
    }
}

/// The future of an async function that runs apart, in the scope of its caller.
pub fn task<R>(future: impl Future<Output = R> + Send + 'static) -> Work<R> {
    match global::scope_here() {
        Some(cache) => Work::task(async move { cache.scope(future).await }),
        None => Work::task(future),
    }
}

/// A call of a sync function that runs apart, in the scope of its caller.
pub fn job<R>(job: impl FnOnce() -> R + Send + 'static) -> Work<R> {
    match global::scope_here() {
        Some(cache) => Work::job(move || cache.sync_scope(job)),
        None => Work::job(job),
    }
}

/// A borrowed argument that can be cloned for a computation apart from the caller.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cloned for a computation in the background",
    label = "this argument is borrowed, and what runs in the background outlives the call",
    note = "it must be `Clone + Send + Sync + 'static`: implement that, take it by value (an `Arc` is cheap), or leave out \
            what has it run in the background"
)]
pub trait OwnedArgument {
    /// The clone.
    fn own(&self) -> Box<dyn Any + Send + Sync>;

    /// The argument again.
    fn lend(owned: &(dyn Any + Send + Sync)) -> &Self;
}

#[diagnostic::do_not_recommend]
impl<T: ToOwned<Owned: Send + Sync + 'static> + ?Sized> OwnedArgument for T {
    fn own(&self) -> Box<dyn Any + Send + Sync> {
        Box::new(self.to_owned())
    }
    fn lend(owned: &(dyn Any + Send + Sync)) -> &T {
        match owned.downcast_ref::<T::Owned>() {
            Some(owned) => owned.borrow(),
            None => unreachable!("it is what `own` made"),
        }
    }
}

/// Clones a borrowed argument.
#[inline]
pub fn loan<T: OwnedArgument + ?Sized>(argument: &T) -> Loan<T> {
    Loan {
        owned: argument.own(),
        lend: T::lend,
    }
}

/// An argument of its own, which is lent as the function takes it.
///
/// It is one of whatever type: what that lacks is told once, where it is made.
pub struct Loan<T: ?Sized> {
    owned: Box<dyn Any + Send + Sync>,
    lend: fn(&(dyn Any + Send + Sync)) -> &T,
}

impl<T: ?Sized> Loan<T> {
    /// The argument.
    pub fn lend(&self) -> &T {
        (self.lend)(&*self.owned)
    }
}

impl<T: ?Sized> fmt::Debug for Loan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loan").finish_non_exhaustive()
    }
}

/// An argument that goes to the background as it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot go to the background: it must be `Send + 'static`",
    label = "this argument goes to another thread",
    note = "leave out what has the function run in the background, or take what is `Send` and borrows nothing"
)]
pub trait SentArgument: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> SentArgument for T {}

/// Fails to compile where an argument cannot go to the background.
#[inline]
pub fn sent<T: SentArgument>(argument: T) -> T {
    argument
}
