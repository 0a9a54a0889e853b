namespace OpenVdi.Tests.Streaming;

/// <summary>Waits with the one generous limit, saying what for.</summary>
internal static class Awaiting
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task Within(this Task task, string what)
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw new TimeoutException($"waited {Limit} for {what}");
        }
    }

    public static async Task<T> Within<T>(this Task<T> task, string what)
    {
        await ((Task)task).Within(what);
        return await task;
    }

    public static Task Within(this ValueTask task, string what) => task.AsTask().Within(what);

    public static Task<T> Within<T>(this ValueTask<T> task, string what) => task.AsTask().Within(what);
}
