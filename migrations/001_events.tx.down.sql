DROP TABLE rules, positions, payload_hosts, payload_statuses, payloads, trails;
