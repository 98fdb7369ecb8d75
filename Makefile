# Every target makes or updates .venv first; without make: python scripts/bootstrap.py TARGET
PYTHON ?= python3
.PHONY: lab test test-all notebooks outputs slides site bench

lab:        ; @$(PYTHON) scripts/bootstrap.py lab
test:       ; @$(PYTHON) scripts/bootstrap.py test
test-all:   ; @$(PYTHON) scripts/bootstrap.py test-all
notebooks:  ; @$(PYTHON) scripts/bootstrap.py notebooks
outputs:    ; @$(PYTHON) scripts/bootstrap.py outputs $(LESSONS)
slides:     ; @$(PYTHON) scripts/bootstrap.py slides
site:       ; @$(PYTHON) scripts/bootstrap.py site
bench:      ; @$(PYTHON) scripts/bootstrap.py bench $(ARGUMENTS)
