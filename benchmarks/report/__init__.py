"""How findings are told: tables, pictures, verdicts, and the one writer of reports."""
