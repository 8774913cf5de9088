module testbed.local/own

go 1.24.0
