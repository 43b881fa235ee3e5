"""`python -m queuebit_workbench up|down|status|logs|run|demo`."""

from queuebit_workbench.commands import main

if __name__ == "__main__":
    main()
