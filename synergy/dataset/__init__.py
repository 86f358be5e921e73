"""Reading, checking and writing datasets: tables in, typed frames and all faults at once out."""
