using System.Runtime.InteropServices;

namespace OpenVdi.TestPeer;

/// <summary>Kills this process at an instruction that nobody chose: a second thread counts down a seeded time from the
/// moment the call under test begins, then sends SIGKILL. For the survivors it is a kill like any other.</summary>
internal static partial class SelfKill
{
    private const int Sigkill = 9;

    /// <summary>Starts the countdown of <c>die</c> microseconds when the request has one.</summary>
    public static void Arm(Request request, EventWriter events)
    {
        long microseconds = request.Number("die", -1);
        if (microseconds < 0)
        {
            return;
        }

        using var running = new ManualResetEventSlim();
        long deadline = long.MaxValue;
        var killer = new Thread(() =>
        {
            running.Set();
            while (EventWriter.Now < Volatile.Read(ref deadline))
            {
                Thread.SpinWait(5);
            }

            _ = Kill(Environment.ProcessId, Sigkill);
        });
        killer.IsBackground = true;
        killer.Start();
        running.Wait();
        events.Write("armed", request["run"], ("after", microseconds));
        Volatile.Write(ref deadline, EventWriter.Now + microseconds);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
