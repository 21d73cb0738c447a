//! The table of calls that a run makes: the trait and those who answer it are made of it.

/// Hands the table to the macro `$made`. A line: the call and its messages, and the client library's name for it.
#[macro_export]
macro_rules! calls_of_a_run {
    ($made:ident) => {
        $made! {
            create: CreateRequest -> WriteResponse, of the client create;
            read: ReadRequest -> ReadResponse, of the client read_part;
            vread: VReadRequest -> ReadResponse, of the client vread_part;
            update: UpdateRequest -> WriteResponse, of the client update;
            patch: PatchRequest -> WriteResponse, of the client patch;
            delete: DeleteRequest -> WriteResponse, of the client delete;
            history: HistoryRequest -> HistoryResponse, of the client history;
            transaction: TransactionRequest -> TransactionResponse, of the client transaction;
            search: SearchRequest -> SearchResponse, of the client search;
        }
    };
}
