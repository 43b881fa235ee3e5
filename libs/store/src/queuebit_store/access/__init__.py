"""Who may do what in the database: one user a service, with the least that its statements need."""
