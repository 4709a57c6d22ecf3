"""The picture of the network: painted from one frozen record, so that the same record gives the same pixels."""
