-- Here there is nothing to change: PostgreSQL keeps long text apart, so that rows are short to sort. The number is used in both.
SELECT 1;
