DROP TABLE journey_trace_position;
DROP TABLE journey_traces;
