"""`python -m queuebit_devstack up|down|status|logs`."""

from queuebit_devstack.commands import main

if __name__ == "__main__":
    main()
