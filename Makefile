# The two commands of the README: make chat, make test. Everything is installed into .venv and nowhere else.
.SHELLFLAGS := -euc
SHELL := /bin/bash
PYTHON ?= python3
PIP_ARGS ?=
LIBRARY ?= .qa
NEEDED_MB := 4000
STAMP := .venv/installed
CPU_TORCH := https://download.pytorch.org/whl/cpu

EXAMPLES := --example "What is the latest cost of the Gannet Quay ferry terminal?" \
  --example "How many people did the hosepipe ban affect in August 2025?" \
  --example "What caused the cable car accident on the Crownhead?" \
  --example "Who won the football World Cup in 2018?"

.PHONY: chat install test browser quality reliability eval peers clean

chat: install
	@.venv/bin/qa index seeds --library $(LIBRARY)
	@.venv/bin/qa chat --library $(LIBRARY) $(EXAMPLES) $(CHAT_ARGS)

install: $(STAMP)

# On Linux, PyPI's torch brings gigabytes of CUDA libraries. Without an NVIDIA card the CPU build is taken where its
# index can be reached; TORCH=pypi leaves that out.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "newsdesk: $(PYTHON) is missing or older than 3.11; install Python 3.11 or newer and name it: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "newsdesk: $(PYTHON) has no venv module; install it, on Debian and Ubuntu with: sudo apt install python3-venv" >&2; exit 1; }
	@[ -n "$(PIP_ARGS)" ] || command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || \
	  { echo "newsdesk: no C++ compiler, which llama-cpp-python is built with; install one, on Debian and Ubuntu with: sudo apt install build-essential" >&2; exit 1; }
	@[ -d .venv/lib ] && [ "$$(du -sm .venv | cut -f1)" -gt 2000 ] || [ "$$(df -Pm . | awk 'NR==2 {print $$4}')" -ge $(NEEDED_MB) ] || \
	  { echo "newsdesk: less than $(NEEDED_MB) MB are free here; free some space, then run the same command again" >&2; exit 1; }
	@[ -x .venv/bin/pip ] || $(PYTHON) -m venv --clear .venv
	@echo "Installing into .venv; the first time llama-cpp-python is compiled, which takes about five minutes."
	@index=""; \
	if [ "$$(uname -s)" = Linux ] && [ "$(TORCH)" != pypi ] && ! command -v nvidia-smi >/dev/null && \
	  $(PYTHON) -c 'import urllib.request; urllib.request.urlopen("$(CPU_TORCH)/", timeout=4)' 2>/dev/null; \
	then index="--extra-index-url $(CPU_TORCH)"; fi; \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $$index $(PIP_ARGS) --editable '.[dev]' || \
	  { echo "newsdesk: installing failed, the lines above say why; mend it and run the same command again, what is done is kept" >&2; exit 1; }
	@touch $(STAMP)

test: install
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet . || { echo "newsdesk: some files are not formatted; run: .venv/bin/ruff format ." >&2; exit 1; }
	@.venv/bin/mypy
	@.venv/bin/pytest -q

browser: install
	@.venv/bin/pytest -q -m browser -rs tests/browser

quality: install
	@.venv/bin/python benchmarks/quality.py

# What docs/reliability.md promises, tried; hours without RELIABILITY_ARGS="--share .02" or "--only R4".
reliability: install
	@.venv/bin/python benchmarks/reliability.py $(RELIABILITY_ARGS)

# The evaluation sets of a folder, or without one the questions on the sample articles; writes evaluation/.
# SETS="squad2 newsqa" asks some of them, SCALE=2 twice as many questions.
eval: install
	@SCALE="$(SCALE)" .venv/bin/python benchmarks/evaluation.py "$(DATA)" $(SETS)

# The same questions put to other systems, each in an environment of its own: benchmarks/peers/README.md.
peers: install
	@[ -d "$(DATA)" ] || { echo "newsdesk: name the folder of the evaluation data: make peers DATA=folder" >&2; exit 1; }
	@.venv/bin/python benchmarks/peers/run.py --data "$(DATA)" $(PEERS_ARGS)

clean:
	rm -rf .venv .qa .mypy_cache .ruff_cache .pytest_cache
