.PHONY: help run build site test bench
help: ## Lists these commands
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## (.*)/make \1	\2/' | expand -t 14
run: build ## Sets up what is missing, builds, serves a demo on http://127.0.0.1:3000 and says how to sign in
	@exec .ci/demo
build: site ## Builds target/release/portal, with the site inside
	@cargo build --release -p server
site: ## Builds what the browser gets, into target/site
	@.ci/tools cc && .ci/site
test: ## Sets up what is missing, then every check
	@.ci/test
bench: build ## Measures the journeys; prints a table and saves it in docs/bench.md
	@.ci/tools sqlite3 && PORTAL_BENCH_OUT="$(CURDIR)/docs/bench.md" cargo bench -p server --bench journey
