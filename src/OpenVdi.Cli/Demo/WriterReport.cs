using OpenVdi.Cli.Output;

namespace OpenVdi.Cli.Demo;

/// <summary>What the writers' process answers to each line that it is sent.</summary>
/// <param name="Commits">Transactions committed so far.</param>
/// <param name="Problem">Why it had to stop, or null.</param>
internal sealed record WriterReport(long Commits, string? Problem) : Report("writers");
