namespace OpenVdi.Bench.Work;

/// <summary>What a channel is opened for; the same for every contender of a cell.</summary>
/// <param name="Devices">Devices, each with a stream of its own.</param>
/// <param name="TransferBytes">Bytes of one transfer.</param>
/// <param name="BuffersPerDevice">How many transfers of a device can be under way.</param>
/// <param name="Direction">Which way the bytes go.</param>
/// <param name="Work">What filling and consuming cost.</param>
internal sealed record ChannelPlan(int Devices, int TransferBytes, int BuffersPerDevice, Direction Direction, WorkKind Work);

/// <summary>One run over an open channel.</summary>
/// <param name="Number">Which run of this channel: part of every stamp, so that no run can pass with another's bytes.</param>
/// <param name="TransfersPerDevice">How many transfers each device carries.</param>
/// <param name="StallSeed">Not 0: both sides stall now and then, so that the other one is about to sleep.</param>
internal sealed record RunPlan(int Number, int TransfersPerDevice, uint StallSeed = 0);
